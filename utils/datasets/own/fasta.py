"""DNA or RNA in FASTA: one file with the class in each header, or two files and more, each of which is a class."""

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from utils.datasets.own import reading
from utils.datasets.own.tables import GROUP, LABEL, Table

SUFFIXES = (".fa", ".fasta", ".fna", ".ffn", ".fas")
PACKED = tuple(f"{suffix}.gz" for suffix in SUFFIXES)
PAIR = re.compile(r"(?:^|[\s|;,\[])(\w+)\s*=\s*(\"[^\"]*\"|[^\s|;,\]]+)")  # label=donor, [gene=BRCA1], class="a b"
GROUPS = {"group", "gene", *GROUP}
LABELS = {"label", *LABEL}
PARTS = {"training", "testing", "train", "test", "validation", "val"}  # what some tools write as the third field
FORMS = ">id label, >id|label, >id|label|group or >id label=… group=…"
OTHERS = {"@": "FASTQ (make FASTA of it)", "L": "perhaps GenBank (make FASTA of it)", ";": "a comment"}


class Stretches(Table):
    """Records of FASTA as the rows of a table: each is known by the line of its header."""

    def where(self, role: str) -> str:
        return {"sequence": "its letters", "label": "label in the header"}.get(role, f"{role} in the header")


def is_fasta(path: Path) -> bool:
    """Whether the name of a file ends as one of FASTA does."""
    return path.name.lower().endswith((*SUFFIXES, *PACKED))


def refuse_columns(path: Path, options: dict[str, str]) -> None:
    """Refuse options that name columns, of which FASTA has none."""
    for option in options:
        raise reading.refusal(path, "", f"expected no option --{option}, since FASTA has no columns; leave it out.")


def files_of(folder: Path) -> list[Path]:
    """The files of FASTA in a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if is_fasta(path) and not path.name.startswith("."))


def table(path: Path, longest: int) -> tuple[Stretches, list[str]]:
    """The records of one file, with the roles sequence, label and, where the headers hold one, group; and notes.

    All headers must have the form of the first. longest: letters that a record may have.
    """
    records = list(_records(path, longest))
    form, labels, groups = None, [], []
    for line, header, _ in records:
        found, label, group = _parsed(header)
        form = form or found
        if found != form or not label or ("group" in form and not group):
            as_first = f" as in line {records[0][0]}" if labels else ""
            raise reading.refusal(
                path,
                f"line {line}",
                f"expected a header of the form {FORMS}{as_first}, found {reading.brief('>' + header)!r}; or give a "
                "file for each class, as in A.fa,B.fa.",
            )
        labels.append(label)
        groups.append(group)
    notes = [f"the class was read from the headers: {form}"]
    if set(map(str.lower, groups)) <= PARTS:
        notes.append("left out, since the study divides whole groups itself: the third field (training, testing)")
        groups = []
    return _rows(path, records, labels, groups if all(groups) else []), notes


def of_class(path: Path, name: str, longest: int) -> Stretches:
    """The records of a file that holds one class, with the roles sequence, label and, where each header has
    ``group=…``, group."""
    records = list(_records(path, longest))
    groups = [_stated(header)[1] for _, header, _ in records]
    return _rows(path, records, [name] * len(records), groups if all(groups) else [])


def class_names(files: Sequence[Path]) -> list[str]:
    """What the files are called, without suffixes; with their folders where that does not tell them apart."""
    names = [path.name.split(".")[0] for path in files]
    if len(set(names)) == len(names):
        return names
    return [f"{path.parent.name}/{name}" for path, name in zip(files, names, strict=True)]


def _rows(path: Path, records: list, labels: list[str], groups: list[str]) -> Stretches:
    words = {"sequence": [letters for _, _, letters in records], "label": labels}
    words |= {"group": groups} if groups else {}
    arrays = {role: np.array(values, object) for role, values in words.items()}
    return Stretches(path, arrays, {}, np.array([line for line, _, _ in records], np.int64), {})


def _parsed(header: str) -> tuple[str, str, str]:
    """(form, label, group), empty where the header does not say."""
    label, group = _stated(header)
    if label:
        return f"label=…{' group=…' if group else ''}", label, group
    fields = [field.strip() for field in header.split("|")]
    if len(fields) in (2, 3):
        return ">id|label" + ("|group" if len(fields) == 3 else ""), fields[1], (fields[2:] or [""])[0]
    words = header.split()
    if len(fields) == 1 and len(words) == 2 and not group:
        return ">id label", words[1], ""
    return "", "", ""


def _stated(header: str) -> tuple[str, str]:
    """What is written as ``label=…`` and as ``group=…``, or in a word that means the same."""
    pairs = {reading.plain(key): value.strip('"').strip() for key, value in PAIR.findall(header)}
    label = next((value for key, value in pairs.items() if key in LABELS), "")
    return label, next((value for key, value in pairs.items() if key in GROUPS), "")


def _records(path: Path, longest: int) -> Iterator[tuple[int, str, str]]:
    """(line of the header, header, letters) of each record; no more of a line than is needed is held in memory."""
    reading.present(path, (*SUFFIXES, *PACKED))
    line, start, header, letters, size, unpacked = 0, 0, None, [], 0, 0
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.name.lower().endswith(".gz")
            else path.open(encoding="utf-8-sig") as stream
        ):
            while text := stream.readline(reading.WIDEST):
                line += 1
                unpacked += len(text)
                if unpacked > reading.LIMIT:
                    problem = f"expected {reading.LIMIT / 1e9:g} GB at the most, found that it unpacks to more."
                    raise reading.refusal(path, "", problem)
                text = text.strip()
                if text.startswith(">"):
                    if header is not None:
                        yield _whole(path, start, header, letters)
                    start, header, letters, size = line, text[1:].strip(), [], 0
                elif header is None and text:
                    found = OTHERS.get(text[0], reading.brief(text, 24))
                    raise reading.refusal(path, f"line {line}", f"expected a header that begins with >, found {found}.")
                elif text:
                    letters.append(text)
                    size += len(text)
                    if size > longest:
                        raise reading.refusal(
                            path,
                            f"line {start}",
                            f"expected 1 to {longest:,} letters in a record, found more; cut out the stretches that "
                            "you have labels for.",
                        )
    except UnicodeDecodeError as error:
        raise reading.refusal(path, f"line {line + 1}", "expected text in UTF-8, found other bytes.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise reading.refusal(path, "", "the packed file is damaged or cut short; pack it again.") from error
    except OSError as error:
        raise reading.unreadable(path, error) from error
    if header is None:
        raise reading.refusal(path, "", "expected records that begin with >, found only empty lines.")
    yield _whole(path, start, header, letters)


def _whole(path: Path, start: int, header: str, letters: list[str]) -> tuple[int, str, str]:
    if not letters:
        raise reading.refusal(path, f"line {start}", "expected letters below the header, found none.")
    return start, header, "".join(letters)
