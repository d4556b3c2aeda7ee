"""Tables as people have them: what is understood without a question, what is said, and where a question remains."""

import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.own_files import refused, sentence
from utils import datasets
from utils.datasets import own
from utils.errors import CourseError, UsageError

RINGS = ["c1ccccc1", "c1ccncc1", "C1CCCCC1", "c1ccoc1", "c1ccsc1", "C1CCNCC1", "c1ccc2ccccc2c1", "C1CCOC1"]
SMILES = [ring + tail for ring in RINGS for tail in ("C", "CC", "CCO", "CCN", "C(=O)O", "CCCl")]
COUNT = len(SMILES)
ACTIVE = [str(number % 2) for number in range(COUNT)]
MEASURED = [f"{number * 37 % 50 / 8 + 0.5:g}" for number in range(COUNT)]


def text(columns, separator=",", quoting=csv.QUOTE_MINIMAL, line_end="\n"):
    """A table of these columns, name → fields, as the csv module writes it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=line_end)
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return stream.getvalue()


PLAIN = {"smiles": SMILES, "active": ACTIVE}


@pytest.fixture
def table(tmp_path):
    """Write a table; returns its path."""

    def write(content, name="own.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return tmp_path / name

    return write


def right(data):
    """Whether the molecules and labels are those of PLAIN."""
    return data.smiles.tolist() == SMILES and data.labels[:, 0].tolist() == [float(label) for label in ACTIVE]


@pytest.mark.parametrize("name", ["own.csv", "own.tsv", "own.txt", "own.TAB"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(
    ("separator", "word"), [(",", None), (";", "semicolons"), ("\t", "tabs"), ("|", "bars")], ids=str
)
def test_the_separator_is_found_and_said(table, separator, word, quoting, name):
    data = datasets.load(table(text(PLAIN, separator, quoting), name))
    assert right(data)
    said = [note for note in data.entry.notes if "separated" in note]
    assert said == ([f"the columns are separated by {word}"] if word else [])


@pytest.mark.parametrize("separator", [",", ";", "\t", "^"])
@pytest.mark.parametrize("form", ["sep={}", "SEP={}", '"sep={}"', "sep={};;"])
def test_a_first_line_that_states_the_separator(table, separator, form):
    data = datasets.load(table(form.format(separator) + "\n" + text(PLAIN, separator)))
    assert right(data)
    assert "line 1 names the separator and is not the header" in data.entry.notes
    assert "line 4, column active: expected a number" in refused(
        table(
            f"sep={separator}\n" + text(PLAIN, separator).replace("CC" + separator + "1", "CC" + separator + "high", 1)
        )
    )


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8-sig", []),
        ("utf-16", []),
        ("utf-16-le", ["the file was read as UTF-16"]),
        ("cp1252", ["the file is not UTF-8 and was read as Windows-1252 (Western European letters)"]),
    ],
)
def test_encodings(table, encoding, said):
    data = datasets.load(table(text(PLAIN | {"größe": ["grün"] * COUNT}, ";"), encoding=encoding))
    assert right(data)
    assert data.entry.notes[-1] == "left out, text: größe"
    assert list(data.entry.notes[: len(said)]) == said


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_ends_of_lines(table, line_end):
    assert right(datasets.load(table(text(PLAIN, line_end=line_end))))
    broken = text(PLAIN, line_end=line_end).replace("CCO,0", "CCO,high", 1)
    assert "line 4, column active" in refused(table(broken))


def test_empty_columns_and_lines_at_the_end(table):
    lines = text(PLAIN).splitlines()
    assert right(datasets.load(table("\n".join(line + ",," for line in lines) + "\n,,,\n\n")))
    assert right(datasets.load(table("\n".join([lines[0], *(line + "," for line in lines[1:])]))))
    assert "line 4: expected 2 fields as in the header, found 3." in refused(
        table("\n".join([*lines[:3], lines[3] + ",x", *lines[4:]]))
    )


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas_where_the_separator_is_another(table, separator):
    measured = [value.replace(".", ",") for value in MEASURED]
    data = datasets.load(table(text({"smiles": SMILES, "logS": measured}, separator)))
    np.testing.assert_allclose(data.labels[:, 0], np.array(MEASURED, float))
    assert data.entry.task == "regression"
    assert "in column logS commas were read as decimal points" in data.entry.notes


COMMAS = {
    "in a table with commas": ({"smiles": SMILES, "logS": ["1,5", *MEASURED[1:]]}, ",", "with a comma for a point"),
    "beside points": ({"smiles": SMILES, "logS": ["1,5", *MEASURED[1:]]}, ";", "while other fields have points"),
    "thousands or not": (
        {"smiles": SMILES, "logS": ["1,250", *map(str, range(2, COUNT + 1))]},
        ";",
        "found '1,250', whose comma may be a point or divide thousands; write 1.5 and 1500.",
    ),
}


@pytest.mark.parametrize(("columns", "separator", "words"), COMMAS.values(), ids=COMMAS)
def test_a_comma_in_a_number_that_leaves_a_doubt(table, columns, separator, words):
    sentence = refused(table(text(columns, separator)))
    assert words in sentence
    assert "line 2, column logS" in sentence


DOUBTS = {
    "two separators": (
        "a;b,c\n1;2,3\n4;5,6\n",
        "line 1: expected one separator, found that commas and semicolons both fit; state it in a line sep=, above.",
    ),
    "another than stated": (
        "sep=;\nsmiles,active\nC,1\n",
        "line 2: expected columns with ';' between them, as the line sep= states, found commas.",
    ),
    "spaces": ("smiles active\nC 1\n", "found smiles active (one column: spaces do not separate columns)"),
    "FASTA": (">s0|0\nACGT\n>s1|1\nACGA\n", "line 1: expected the names of columns, found '>' as FASTA has it;"),
    "a quotation mark inside a field": (
        'smiles\tactive\n"C"C\t1\nCC\t0\n',
        "line 2: expected tabs between the columns and closed quotation marks, found otherwise (",
    ),
    "nothing below the stated separator": ("sep=,\n\n", "line 2: expected the names of columns, found nothing."),
}


@pytest.mark.parametrize(("content", "words"), DOUBTS.values(), ids=DOUBTS)
def test_doubts_about_the_layout(table, content, words):
    assert words in refused(table(content), "molecules")


def test_known_names_settle_which_separator_it_is(table):
    content = "smiles;y;a,b\n" + "".join(f"{s};{y};1,2\n" for s, y in zip(SMILES, ACTIVE, strict=True))
    assert right(own.load(table(content), label="y"))


INDEX = {
    "unnamed": ("", range(COUNT), "without a name: column 1"),
    "of pandas": ("Unnamed: 0", range(COUNT), "a running number: Unnamed: 0"),
    "any name, from 0": ("x", range(COUNT), "a running number: x"),
    "any name, from 1": ("x", range(1, COUNT + 1), "a running number: x"),
    "numbers of compounds": ("mol_id", [n * 7 for n in range(COUNT)], "an id: mol_id"),
    "a name in two words": ("Compound ID", [n * 7 for n in range(COUNT)], "an id: Compound ID"),
    "numbers that differ": ("num", [n * 7 for n in range(COUNT)], "an id: num"),
    "texts": ("CMPD_CHEMBLID", [f"CHEMBL{n}" for n in range(COUNT)], "an id: CMPD_CHEMBLID"),
    "names": ("drug", [f"drug {n}" for n in range(COUNT)], "text: drug"),
    "one value": ("batch", [3] * COUNT, "the same value in every row: batch"),
    "empty": ("note", [""] * COUNT, "the same value in every row: note"),
}


@pytest.mark.parametrize(("name", "fields", "said"), INDEX.values(), ids=INDEX)
def test_what_cannot_be_a_label_is_left_out_and_said(table, name, fields, said):
    data = datasets.load(table(text({name: list(fields), **PLAIN})))
    assert right(data)
    assert data.task_names == ("active",)
    assert data.entry.notes == (f"left out, {said}",)


def test_an_index_as_r_writes_it(table):
    header, *lines = text(PLAIN).splitlines()
    rows = [f'"{number}",{line}' for number, line in enumerate(lines, start=1)]
    assert right(datasets.load(table("\n".join([header, *rows]))))


def test_several_columns_of_zeros_and_ones_are_all_labels(table):
    toxic = [str(number // 2 % 2) for number in range(COUNT)]
    data = datasets.load(table(text({"name": SMILES, "SMILES": SMILES, "active": ACTIVE, "toxic": toxic})))
    assert data.task_names == ("active", "toxic")
    assert data.entry.task == "classification"


def test_descriptors_need_an_option(table):
    weights = [f"{100.25 + number * 3 % 17}" for number in range(COUNT)]
    path = table(text({"smiles": SMILES, "logS": MEASURED, "MolWt": weights, "group": [n // 6 for n in range(COUNT)]}))
    assert refused(path) == (
        "own.csv, line 1: expected one column of labels, or columns of 0 and 1 only, found logS, MolWt, which may be "
        "labels or descriptors; name the labels with --label, as in --label 'A,B'."
    )
    data = own.load(path, label="logs")
    assert data.task_names == ("logS",)
    assert "left out, not named by --label: MolWt" in data.entry.notes
    assert own.load(path, label="MolWt, logS").task_names == ("MolWt", "logS")
    assert own.load(path, label=["MolWt", "logS"]).task_names == ("MolWt", "logS")
    assert len(set(own.load(path, label="logS").groups.tolist())) == COUNT // 6


def test_a_column_whose_name_says_label_is_taken_and_the_others_are_said(table):
    columns = {"mol": SMILES, "CID": [f"B{n}" for n in range(COUNT)], "Class": ACTIVE, "pIC50": MEASURED}
    data = datasets.load(table(text(columns)))
    assert data.task_names == ("Class",)
    assert data.entry.notes == (
        "the column mol was read as smiles",
        "left out, an id: CID",
        "the column Class was read as label; --label names another",
        "left out, not named as labels: pIC50",
    )


@pytest.mark.parametrize("name", ["Smiles", "SMILES", "smi", "canonical_smiles", "CanonicalSmiles", "mol"])
def test_other_names_of_the_smiles(table, name):
    assert right(datasets.load(table(text({name: SMILES, "active": ACTIVE}))))
    assert right(own.load(table(text({"what": SMILES, "active": ACTIVE})), smiles="WHAT"))


def test_two_columns_of_smiles_need_an_option(table):
    path = table(text({"mol": ["C"] * COUNT, "smi": SMILES, "active": ACTIVE}))
    assert refused(path, "molecules") == (
        "own.csv, line 1: expected one column smiles, found mol and smi; name the one to use with --smiles."
    )
    assert right(own.load(path, smiles="smi"))


TWO_VALUES = {
    "minus one": (("-1", "1"), "column y holds two values only, -1 and 1: they were read as the classes 0 and 1"),
    "one and two": (("1", "2"), "column y holds two values only, 1 and 2: they were read as the classes 0 and 1"),
    "truth": (("False", "True"), "in column y the words false and true were read as 0 and 1"),
    "yes": (("no", "YES"), "in column y the words no and yes were read as 0 and 1"),
    "activity": (("inactive", "active"), "in column y the words inactive and active were read as 0 and 1"),
}


@pytest.mark.parametrize(("values", "said"), TWO_VALUES.values(), ids=TWO_VALUES)
def test_two_values_are_two_classes_and_it_is_said(table, values, said):
    data = datasets.load(table(text({"smiles": SMILES, "y": [values[int(label)] for label in ACTIVE]})))
    assert right(data)
    assert data.entry.task == "classification"
    assert said in data.entry.notes


def test_words_and_numbers_in_one_column_are_refused(table):
    path = table(text({"smiles": SMILES, "y": ["true", *ACTIVE[1:]]}))
    assert refused(path) == "own.csv, line 2, column y: expected a number or an empty field, found 'true'."


def test_molecules_that_are_too_large_are_left_out_and_said(table):
    columns = {"smiles": [*SMILES, "C" * 5000, "C" * 1001, "C" * 1000], "active": [*ACTIVE, "1", "1", "1"]}
    data = datasets.load(table(text(columns)))
    assert [line for line, _ in data.unparsable] == [COUNT + 2, COUNT + 3]
    assert len(data.smiles[-1]) == 1000
    assert data.entry.notes[0] == "left out, unreadable for RDKit or with more than 1,000 atoms: 2 rows"
    bracketed = "[CH2]" * 300  # 1,500 letters, but 300 atoms
    data = datasets.load(table(text({"smiles": [*SMILES, f"C{bracketed}C"], "active": [*ACTIVE, "1"]})))
    assert data.unparsable == ()


OPTIONS = {
    "not there": (
        {"label": "activ"},
        "expected the column activ that --label names, found smiles, active; did",
    ),
    "one of two": ({"label": "active,logS"}, "expected the column logS that --label names, found smiles, active."),
    "twice": ({"label": "active,active"}, "expected the names of different columns in --label, found active, active."),
    "for two things": (
        {"smiles": "active", "label": "active"},
        "expected different columns for --smiles and --label, found active for both.",
    ),
    "the group": ({"group": "batch"}, "expected the column batch that --group names, found smiles, active."),
}


@pytest.mark.parametrize(("options", "words"), OPTIONS.values(), ids=OPTIONS)
def test_a_column_that_is_not_there(table, options, words):
    assert words in refused(table(text(PLAIN)), "molecules", **options)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("molecules", {"time": "t"}, "Your own molecules have no option --time; they have --smiles, --label, "),
        ("images", {"time": "y"}, "Your own images have no option --time; they have --side, --label, --group, --id."),
        ("sequences", {"smiles": "y"}, "Your own sequences have no option --smiles; they have --sequence, --label, "),
        ("records", {"sequence": "y"}, "Your own records have no option --sequence; they have --id, --label, "),
        ("sequences", {"label": ["a", "b"]}, "The option --label is ['a', 'b']; give the name of a column."),
        ("molecules", {"label": []}, "The option --label is []; give the names of columns."),
        ("molecules", {"smiles": " "}, "The option --smiles is ' '; give the name of a column."),
        ("molecules", {"group": 3}, "The option --group is 3; give the name of a column."),
    ],
)
def test_options_that_a_kind_does_not_have(table, kind, options, words):
    with pytest.raises(UsageError) as caught:
        own.load(table(text(PLAIN)), kind, **options)
    assert words in sentence(caught.value)


def test_a_name_with_a_comma_is_one_label(table):
    assert own.load(table(text({"smiles": SMILES, "log S, mol/L": MEASURED})), label="log S, mol/L").task_names == (
        "log S, mol/L",
    )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    separator=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    index=st.sampled_from([None, "", "Unnamed: 0", "id", "row"]),
    stated=st.booleans(),
    labels=st.lists(st.sampled_from(["0", "1", "-1", "2.5", "0,5", "1,250", "yes", "", "NA"]), min_size=6, max_size=12),
    more=st.text(st.characters(codec="cp1252", exclude_categories=["C"]), max_size=6),
)
def test_however_a_table_is_written_it_is_read_alike_or_refused_in_one_sentence(
    table, separator, quoting, line_end, encoding, index, stated, labels, more
):
    count = len(labels)
    columns = {"smiles": SMILES[:count], "y": labels, f"a {more} note": [f"{more} x"] * count}
    columns = columns if index is None else {index: list(range(count)), **columns}
    content = (f"sep={separator}{line_end}" if stated else "") + text(columns, separator, quoting, line_end)
    try:
        data = own.load(table(content, encoding=encoding), "molecules")
    except CourseError as error:
        sentence(error)
        return
    assert data.smiles.tolist() == SMILES[:count]
    assert data.task_names == ("y",)
    known = [np.nan if label in ("", "NA") else float(label.replace(",", ".").replace("yes", "1")) for label in labels]
    known = np.array(known)
    if data.entry.task == "classification":
        known = np.where(np.isnan(known), np.nan, known == np.nanmax(known))
    np.testing.assert_array_equal(data.labels[:, 0], np.float32(known))
