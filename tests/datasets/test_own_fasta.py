"""Letters of a reader's own in FASTA: every form that is read, and each that is refused."""

import gzip

import numpy as np
import pytest

from datasets.own_files import refused
from utils import datasets
from utils.datasets import own

LETTERS = ["".join("ACGT"[number >> 2 * place & 3] for place in range(8)) for number in range(24)]


@pytest.fixture
def write(tmp_path):
    """Write a file of FASTA with a header for each of 24 stretches, as a pattern of n, label and group; its path."""

    def write(pattern, name="own.fa", more="", pack=False):
        records = [
            ">"
            + pattern.format(n=n, label="yes" if n % 2 else "no", group=n // 2)
            + f"\n{letters[:5]}\n{letters[5:]}\n"
            for n, letters in enumerate(LETTERS)
        ]
        text = "".join(records) + more
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if pack else text.encode())
        return path

    return write


FORMS = {
    "a word behind the id": "s{n} {label}",
    "bars": "s{n}|{label}",
    "bars and a group": "s{n} | {label} | g{group}",
    "stated": "s{n} label={label}",
    "stated in words that mean it": 's{n} [gene=g{group}] [class="{label}"]',
    "stated, between other things": "s{n};chr1:3-11(+);label={label};patient=g{group}",
}


@pytest.mark.parametrize("kind", [None, "sequences"])
@pytest.mark.parametrize("name", ["own.fa", "own.FASTA", "own.fna"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_label_is_in_the_header(write, form, name, kind):
    data = datasets.load(write(form, name), kind=kind)
    assert data.sequences.tolist() == LETTERS
    assert data.class_names == ("no", "yes")
    assert data.labels.tolist() == [0, 1] * 12
    assert len(set(data.groups.tolist())) == (12 if "group" in form else 24)
    assert data.entry.notes[0].startswith("the class was read from the headers: ")


def test_small_letters_u_windows_and_empty_lines(write, tmp_path):
    path = tmp_path / "own.fa"
    path.write_bytes(b"\xef\xbb\xbf" + write("s{n} {label}", more="\n>s no\nacgun\n\nryswkmbdhvn\n").read_bytes())
    data = datasets.load(path)
    assert data.sequences[-1] == "ACGTNRYSWKMBDHVN"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert datasets.load(path).sequences.tolist() == data.sequences.tolist()


def test_a_packed_file(write):
    data = datasets.load(write("s{n} {label}", "own.fa.gz", pack=True))
    assert data.sequences.tolist() == LETTERS
    path = write("s{n} {label}", "own.fa.gz", pack=True)
    path.write_bytes(path.read_bytes()[:-20])
    assert refused(path) == "own.fa.gz: the packed file is damaged or cut short; pack it again."
    path.write_bytes(b">s no\nACGT\n")
    assert refused(path) == "own.fa.gz: the packed file is damaged or cut short; pack it again."


def test_what_unpacks_to_too_much(write, monkeypatch):
    path = write("s{n} {label}", "own.fa.gz", pack=True)
    monkeypatch.setattr("utils.datasets.own.reading.LIMIT", 200)
    assert refused(path) == "own.fa.gz: expected 2e-07 GB at the most, found that it unpacks to more."


def test_a_third_field_that_only_names_the_part_is_left_out(write):
    data = datasets.load(write("s{n}|{label}|training"))
    assert "left out, since the study divides whole groups itself: the third field (training, testing)" in (
        data.entry.notes
    )
    assert len(set(data.groups.tolist())) == 24


def test_two_files_are_two_classes(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("chr{n}:1-8(+) anything|at all", "donors.fa")
    write("x", "others.fasta.gz", pack=True)
    (tmp_path / "short.fna").write_text(">a\nACGT\n")
    data = datasets.load("donors.fa,others.fasta.gz")
    assert data.class_names == ("donors", "others")
    assert np.bincount(data.labels).tolist() == [24, 24]
    assert len(set(data.groups.tolist())) == 24  # the same letters are in both
    assert data.entry.notes == ("each file is a class: donors, others",)
    assert datasets.load("others.fasta.gz, donors.fa, short.fna").class_names == ("others", "donors", "short")
    assert datasets.load(tmp_path).class_names == ("donors", "others", "short")
    assert own.in_full("donors.fa,others.fasta.gz") == f"{tmp_path}/donors.fa,{tmp_path}/others.fasta.gz"


def test_groups_of_two_files(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        write("s{n} group=" + name + "{group}", f"{name}.fa")
    data = datasets.load("a.fa,b.fa")
    assert len(set(data.groups.tolist())) == 12  # the same letters in both files, and the same group
    write("s{n}", "b.fa")
    data = datasets.load("a.fa,b.fa")
    assert len(set(data.groups.tolist())) == 24
    assert "left out, since not every header has one: group=…" in data.entry.notes


def test_two_files_of_one_name_are_told_apart_by_their_folders(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ill", "well"):
        (tmp_path / name).mkdir()
        write("s{n}", f"{name}/own.fa")
    assert datasets.load("ill/own.fa,well/own.fa").class_names == ("ill/own", "well/own")
    assert refused("ill/own.fa,ill/own.fa") == "own.fa: expected different files, each of them a class, found it twice."


A = ">a no\nACGT\n"
REFUSED = {
    "no label": (
        ">s1\nACGT\n",
        "own.fa, line 1: expected a header of the form >id label, >id|label, >id|label|group or",
    ),
    "or two files": (">s1\nACGT\n", "found '>s1'; or give a file for each class, as in A.fa,B.fa."),
    "a description": (">s1 a long description\nACGT\n", "found '>s1 a long description'; or give"),
    "another form later": (f"{A}>b|yes\nACGT\n", "group=… as in line 1, found '>b|yes'"),
    "a label that is missing later": (f"{A}>b\nACGT\n", "own.fa, line 3: expected a header of the form"),
    "an empty group": (">a|no|g\nACGT\n>b|yes|\nACGT\n", "own.fa, line 3: expected a header of the form"),
    "NCBI's bars": (">gi|1|ref|NM_1|x\nACGT\n", "own.fa, line 1: expected a header of the form"),
    "protein": (f"{A}>b yes\nMEEPQ\n", "own.fa, line 3, its letters: expected A, C, G, T (or U) and the IUPAC codes"),
    "an alignment": (f"{A}>b yes\nAC-GT\n", "codes RYSWKMBDHVN, found '-' at letter 3."),
    "letters in the second line": (f"{A}>b yes\nACGT\nAC*\n", "found '*' at letter 7."),
    "no letters": (f"{A}>b yes\n>c no\nACGT\n", "own.fa, line 3: expected letters below the header, found none."),
    "no letters at the end": (f"{A}>b yes\n", "own.fa, line 3: expected letters below the header, found none."),
    "long": (
        f"{A}>b yes\n" + "ACGT" * 2501 + "\n",
        "line 3: expected 1 to 10,000 letters in a record, found more; cut",
    ),
    "FASTQ": (
        "@r1\nACGT\n+\n!!!!\n",
        "own.fa, line 1: expected a header that begins with >, found FASTQ (make FASTA of",
    ),
    "a table": (
        "sequence,label\nACGT,1\n",
        "own.fa, line 1: expected a header that begins with >, found sequence,label.",
    ),
    "only empty lines": ("\n\n", "own.fa: expected records that begin with >, found only empty lines."),
    "empty": ("", "own.fa: expected a .fa file with data, found an empty file."),
    "other bytes": (b">a n\xf6\nACGT\n", "own.fa, line 1: expected text in UTF-8, found other bytes."),
    "one class": (f"{A}>b no\nACG\n", "own.fa, label in the header: expected two classes or more, found only 'no'."),
    "names": (
        "".join(f">s{n} gene{n}\n{letters}\n" for n, letters in enumerate(LETTERS)),
        "own.fa, label in the header: expected a class that many rows share, found 24 values in 24 rows.",
    ),
    "two ways to write a class": (
        "".join(f">s{n} {('No', 'no', 'yes')[n % 3]}\n{letters}\n" for n, letters in enumerate(LETTERS)),
        "own.fa, line 3, label in the header: expected one way to write each class, found 'No' (line 1) and 'no' here",
    ),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path, content, words):
    (tmp_path / "own.fa").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert words in refused(tmp_path / "own.fa", "sequences")


def test_options_that_name_columns(write):
    assert refused(write("s{n} {label}"), label="x") == (
        "own.fa: expected no option --label, since FASTA has no columns; leave it out."
    )


def test_files_that_are_not_there_or_not_fasta(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("s{n}", "a.fa")
    assert "There is no b.fa in the folder " in refused("a.fa,b.fa")
    (tmp_path / "b.csv").write_text("sequence,label\n")
    assert refused("a.fa,b.csv", "sequences") == (
        "b.csv: expected one file of sequences, or a file of FASTA for each class, found two paths."
    )
    (tmp_path / "genes.txt").write_text(">a no\nACGT\n")
    assert "found '>' as FASTA has it; call the file .fasta, or write a table" in refused("genes.txt")


def test_a_genome_by_mistake_is_refused_before_it_is_read(tmp_path):
    """One record of 60 million letters: no more is held than a record may have."""
    import tracemalloc

    path = tmp_path / "chr19.fa"
    path.write_text(">chr19 no\n" + ("ACGT" * 15 + "\n") * 1_000_000)
    tracemalloc.start()
    assert "expected 1 to 10,000 letters in a record, found more" in refused(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2e6


def test_four_times_the_records_are_four_times_the_work(tmp_path):
    from effort import calls

    def written(count):
        letters = np.random.default_rng(0).choice(list("ACGT"), (count, 60))
        records = [f">s{n} {n % 3}\n{''.join(row)}\n" for n, row in enumerate(letters)]
        (tmp_path / f"{count}.fa").write_text("".join(records))
        return tmp_path / f"{count}.fa"

    datasets.load(written(100))  # loads the libraries
    few, many = written(1_000), written(4_000)
    assert calls(lambda: datasets.load(many)) <= 4.4 * calls(lambda: datasets.load(few))
