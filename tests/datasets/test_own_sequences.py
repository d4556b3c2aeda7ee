"""Letters of a reader's own: every form that is read, and each that is refused."""

import numpy as np
import pytest

from datasets.own_files import refused, rows, stretches
from utils import datasets
from utils.datasets import own


@pytest.fixture
def table(tmp_path):
    """Write a CSV; returns its path."""

    def write(text):
        path = tmp_path / "own.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("kind", [None, "sequences"])
def test_sequences_and_labels(table, kind):
    data = datasets.load(table(stretches()), kind=kind)
    assert isinstance(data, datasets.Sequences)
    assert data.sequences[:3].tolist() == ["AAAAAAAA", "CAAAAAAA", "GAAAAAAA"]
    assert data.labels.tolist() == [0, 1] * 6
    assert data.labels.dtype == np.int64
    assert data.class_names == data.entry.class_names == ("no", "yes")
    assert len(set(data.groups.tolist())) == 12
    entry = data.entry
    assert (entry.name, entry.kind, entry.task, entry.embedded) == ("own", "sequences", "classification", False)


def test_small_letters_u_and_codes_for_several_bases(table):
    data = datasets.load(table(stretches("acgun,no", "RYSWKMBDHVN,yes", "a,no")))
    assert data.sequences[-3:].tolist() == ["ACGTN", "RYSWKMBDHVN", "A"]


def test_the_same_letters_are_one_group(table):
    data = datasets.load(table(stretches("AAAAAAAA,no", "aaaaaaaa,yes")))
    groups = data.groups.tolist()
    assert groups[0] == groups[-1] == groups[-2]
    assert len(set(groups)) == 12


def test_groups_of_the_file_and_the_same_letters_hang_together(table):
    named = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4]},{n % 2},g{n // 2}" for n in range(16)]
    data = datasets.load(table(rows("sequence,label,group", *named, "AA,0,other", "TTT,1,other")))
    groups = data.groups.tolist()
    assert groups[0] == groups[1]  # one group of the file
    assert groups[1] != groups[2]
    assert groups[0] == groups[16] == groups[17]  # the letters of the first, the group of the last but one
    assert len(set(groups)) == 8


def test_numbers_as_labels_are_in_their_order(table):
    letters = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4]},{('10', '9', '2.0', '9')[n % 4]}" for n in range(16)]
    data = datasets.load(table(rows("sequence,label", *letters)))
    assert data.class_names == ("2.0", "9", "10")
    assert data.labels[:4].tolist() == [2, 1, 0, 1]


def test_other_columns_are_not_used_and_their_order_does_not_matter(table):
    text = rows(
        "chromosome, Label ,SEQUENCE,note",
        *(f'chr{n},{n % 2},{"ACGT"[n % 4]}{"ACGT"[n // 4]},"a, b"' for n in range(8)),
    )
    data = datasets.load(table(text))
    assert data.sequences[:2].tolist() == ["AA", "CA"]
    assert data.class_names == ("0", "1")


def test_a_file_as_spreadsheets_write_it(table):
    text = stretches().replace("\n", "\r\n").replace("GAAAAAAA,no", '"GAAAAAAA", "no"')
    data = datasets.load(table(b"\xef\xbb\xbf" + text.encode() + b"\r\n,\r\n\r\n"))
    assert data.sequences[2] == "GAAAAAAA"
    assert len(data.sequences) == 12
    assert data.class_names == ("no", "yes")


MANY = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4]}" for n in range(16)]
REFUSED = {
    "letter": (
        stretches("ACGE,no"),
        "own.csv, line 14, column sequence: expected A, C, G, T (or U) and the IUPAC codes ",
    ),
    "place of the letter": (stretches("ACG*,no"), "codes RYSWKMBDHVN, found '*' at letter 4."),
    "gap letter": (stretches("ac-gt,no"), "found '-' at letter 3."),
    "space inside": (stretches("ac gt,no"), "found ' ' at letter 3."),
    "letter beyond ASCII": (stretches("ACGЖ,no"), "found 'Ж' at letter 4."),
    "empty sequence": (stretches(",no"), "own.csv, line 14, column sequence: expected 1 to 10,000 letters, found 0."),
    "long": (stretches("A" * 10_001 + ",no"), "line 14, column sequence: expected 1 to 10,000 letters, found 10,001."),
    "empty label": (stretches("ACGT,"), "own.csv, line 14, column label: expected a value, found an empty field"),
    "NaN label": (stretches("ACGT,NaN"), "own.csv, line 14, column label: expected a value"),
    "line after an empty one": (stretches("", "ACGT,"), "own.csv, line 15, column label: expected a value"),
    "one class": (
        rows("sequence,label", *(f"{text},a" for text in MANY)),
        "own.csv, column label: expected two classes or more, found only 'a'.",
    ),
    "measurements": (
        rows("sequence,label", *(f"{text},{n / 7}" for n, text in enumerate(MANY))),
        "own.csv, column label: expected a class that many rows share, found 16 values in 16 rows.",
    ),
    "no label": (
        rows("sequence,place", *(f"{text},{n}" for n, text in enumerate(MANY))),
        "own.csv, line 1: expected a column label, found sequence, place; name it with --label.",
    ),
    "no header": (
        rows("ACGT,1", "ACGA,0"),
        "own.csv, line 1: expected a column sequence, found ACGT, 1; name it with --sequence.",
    ),
    "almost group": (
        rows("sequence,label,gruop", "ACGT,1,2"),
        "own.csv, line 1: expected group, or a name unlike it, found gruop; name it with --group.",
    ),
    "empty group": (
        rows("sequence,label,group", "ACGT,1,", "ACGA,0,b"),
        "own.csv, line 2, column group: expected a value",
    ),
    "too few fields": (stretches("ACGT"), "own.csv, line 14: expected 2 fields as in the header, found 1."),
    "too many fields": (stretches("ACGT,no,1"), "own.csv, line 14: expected 2 fields as in the header, found 3."),
    "open quote": (
        stretches('"ACGT,no', "ACGA,no"),
        "line 14: expected commas between the columns and closed quotation marks, found",
    ),
    "line break in quotes": (
        stretches('ACGT,"n\no"', "ACGA,no"),
        "line 14: expected commas between the columns and closed quotation marks, found",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(table, text, words):
    assert words in refused(table(text), "sequences")


# two ways to write what may or may not be one class
SPELLINGS = {
    "exponent": ("1E2", "100"),
    "decimals": ("1", "1.0"),
    "zeros in front": ("1", "01"),
    "sign": ("1", "+1"),
    "decimal comma": ("1.5", '"1,5"'),
    "digits of another script": ("1", "\u0661"),
    "full-width digits": ("1", "\uff11"),
    "capitals": ("TRUE", "true"),
    "sharp s": ("groß", "GROSS"),
    "spaces inside": ("not  known", "not known"),
    "a space that does not break": ("not\u00a0known", "not known"),
    "an accent in two ways": ("caf\u00e9", "cafe\u0301"),
    "a letter without width": ("yes", "y\u200bes"),
    "Cyrillic letters": ("cop", "\u0441\u043e\u0440"),
    "Greek letters": ("BETA", "\u0392\u0395\u03a4\u0391"),
    "a ligature": ("\ufb01x", "fix"),
}


@pytest.mark.parametrize(("one", "other"), SPELLINGS.values(), ids=SPELLINGS)
def test_two_spellings_of_a_class_are_refused(table, one, other):
    names = [one, "third", other, one]
    path = table(rows("sequence,label", *(f"{text},{names[n % 4]}" for n, text in enumerate(MANY))))
    said = refused(path)
    assert said.startswith("own.csv, line 4, column label: expected one way to write each class, found ")
    assert "(line 2) and " in said
    assert said.endswith("may or may not be one class; write one of them, or names that differ.")


DIFFERENT = {
    "large numbers": ("9007199254740992", "9007199254740993"),
    "numbers": ("1", "1.01"),
    "words and numbers": ("true", "1"),
    "signs": ("+", "-"),
    "names": ("EI", "IE"),
    "infinity and a name": ("inf", "Infinit"),
    "not a number in Decimal's words": ("sNaN", "other"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_classes_that_differ_stay_apart(table, one, other):
    path = table(rows("sequence,label", *(f"{text},{(one, other)[n % 2]}" for n, text in enumerate(MANY))))
    data = datasets.load(path)
    assert set(data.class_names) == {one, other}
    assert [data.class_names[label] for label in data.labels] == [one, other] * 8


def test_spaces_around_a_name_do_not_matter(table):
    names = ["no", " no", "no ", "\u00a0no", "yes"]
    path = table(rows("sequence,label", *(f"{text},{names[n % 5]}" for n, text in enumerate(MANY))))
    assert datasets.load(path).class_names == ("no", "yes")


@pytest.mark.parametrize("name", ["Sequence", "seq", "DNA", "rna_sequence", "Sequences"])
@pytest.mark.parametrize("label", ["Label", "class", "y", "Target", "splice site"])
def test_other_names_of_columns(table, name, label):
    data = datasets.load(table(stretches(header=f"{name},{label}")))
    assert data.class_names == ("no", "yes")
    said = {f"the column {name} was read as sequence", f"the column {label} was read as label"}
    assert set(data.entry.notes) == {note for note in said if note.split()[2].lower() not in ("sequence", "label")}


def test_an_index_and_ids_are_no_labels(table):
    lines = [f"{n},s{n},{text},{'ab'[n % 2]}" for n, text in enumerate(MANY)]
    data = datasets.load(table(rows(",name,seq,site", *lines)))
    assert data.class_names == ("a", "b")
    assert data.entry.notes == (
        "left out, without a name: column 1",
        "the column seq was read as sequence",
        "the column site was read as label",
        "left out, not needed: name",
    )


def test_options_name_the_columns(table):
    lines = [f"{text},{n % 2},{n // 4 % 2},f{n // 2},{n}" for n, text in enumerate(MANY)]
    path = table(rows("site,a,b,origin,number", *lines))
    assert "expected a column sequence, found site, a, b, origin, number; name it with --sequence." in refused(
        path, "sequences"
    )
    assert "expected a column label, found a, b; name it with --label." in refused(path, sequence="site")
    data = own.load(path, sequence="site", label="b", group="origin", id="number")
    assert data.labels.tolist() == [n // 4 % 2 for n in range(16)]
    assert len(set(data.groups.tolist())) == 8
    assert data.entry.notes == ("left out, not needed: a",)
