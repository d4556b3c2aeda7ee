"""How a table is written: encoding, separator, line of the header. All of it is found in the file, and said in notes.

What can be read without doubt is read; where two readings fit, one sentence names what settles it.
"""

import codecs
import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from utils.datasets.own.reading import WIDEST, brief, listed, plain, present, refusal, unreadable

SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
STATED = re.compile(r'"?sep=(.)"?[,;\t|]*', re.IGNORECASE)  # the first line that tells Excel the separator
SAMPLE = 200  # lines that decide the separator
BLOCK = 1 << 20
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
NOT_WINDOWS = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])  # bytes that Windows-1252 does not use
CLEARLY = 0.5  # another separator may fit fewer than this share of the lines


@dataclass(frozen=True)
class Layout:
    """What was found out about one table.

    names: one per column, "" where the header has none. line: that of the header, counted from 1; 0 without a header.
    shifted: whether every row begins with a number that the header has no name for, as R writes it; names then begin
    with "".
    """

    path: Path
    encoding: str
    separator: str
    line: int
    names: tuple[str, ...]
    shifted: bool
    notes: tuple[str, ...]

    def there(self) -> str:
        """The names of the columns, for a sentence."""
        hint = " (one column: spaces do not separate columns)" if len(self.names) == 1 and " " in self.names[0] else ""
        return listed([name or "(no name)" for name in self.names]) + hint

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line, fields) of every row below the header that holds something, each as wide as the header."""
        width = len(self.names)
        for line, fields in records(self.path, self.encoding, self.separator):
            if line <= self.line:
                continue
            if len(fields) > width and not any(map(str.strip, fields[width:])):
                fields = fields[:width]
            if len(fields) != width:
                expected = width - self.shifted
                found = len(fields) - self.shifted
                problem = f"expected {expected} fields as in the header, found {found}."
                raise refusal(self.path, f"line {line}", problem)
            yield line, fields


def detect(path: Path, known: Collection[str] = ()) -> Layout:
    """Look at a table.

    known: names of columns, as ``plain`` writes them; they decide where two separators fit equally well.
    """
    present(path, SUFFIXES)
    try:
        encoding, notes = _encoding(path)
        with path.open(encoding=encoding, newline="") as stream:
            lines = _sample(stream)
    except UnicodeDecodeError as error:
        raise refusal(path, "", f"expected {encoding.upper()}, found other bytes; save it as 'CSV UTF-8'.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise refusal(path, "line 1", "expected the names of columns, found nothing.")
    if lines[first].startswith(">"):
        raise refusal(
            path,
            f"line {first + 1}",
            "expected the names of columns, found '>' as FASTA has it; call the file .fasta, or write a table with the "
            "columns sequence and label.",
        )
    stated = STATED.fullmatch(lines[first].strip("\r\n"))
    if stated:
        notes.append(f"line {first + 1} names the separator and is not the header")
        lines = ["" for _ in lines[: first + 1]] + lines[first + 1 :]
        if not any(map(str.strip, lines)):
            raise refusal(path, f"line {first + 2}", "expected the names of columns, found nothing.")
    separator = _separator(path, lines, stated and stated[1], known)
    if separator != ",":
        notes.append(f"the columns are separated by {SEPARATORS.get(separator, repr(separator))}")
    line, names = next(
        (line, names) for line, names in records(path, encoding, separator) if line > first + bool(stated)
    )
    names = _trimmed([name.strip().strip("\ufeff") for name in names])
    below = [row for row in _parsed(lines[line:], separator) if any(row)]
    shifted = _shifted(names, below)
    names = ["", *names] if shifted else names
    _refuse_twice(path, line, names)
    return Layout(path, encoding, separator, line, tuple(names), shifted, tuple(notes))


def records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of every row with something in it, the header included."""
    before = 0
    try:
        with path.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=separator, strict=True, skipinitialspace=separator != " ")
            for fields in reader:
                if reader.line_num != before + 1:
                    raise csv.Error("a quotation mark is open at its end")
                before = reader.line_num
                if fields and (fields[0] or any(fields)):
                    yield before, fields
    except csv.Error as error:
        word = SEPARATORS.get(separator, repr(separator))
        problem = (
            f"expected {word} between the columns and closed quotation marks, found otherwise ({brief(error, 80)})."
        )
        raise refusal(path, f"line {before + 1}", problem) from error
    except UnicodeError as error:
        problem = f"expected {encoding.upper()}, found other bytes; save it as 'CSV UTF-8'."
        raise refusal(path, f"line {before + 1}", problem) from error
    except OSError as error:
        raise unreadable(path, error) from error


def _sample(stream) -> list[str]:
    """The first lines, up to the first that is not empty and some below it."""
    lines = []
    for line in iter(lambda: stream.readline(WIDEST), ""):
        lines.append(line)
        if line.strip():
            break
    return lines + list(islice(iter(lambda: stream.readline(WIDEST), ""), SAMPLE))


def _encoding(path: Path) -> tuple[str, list[str]]:
    """The encoding, and what has to be said about it. The whole file is looked at, block by block."""
    with path.open("rb") as stream:
        start = stream.read(4_000)
        for mark, name in MARKS.items():
            if start.startswith(mark) and not start.startswith(codecs.BOM_UTF32_LE):
                return name, []
        for name, zeros, letters in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
            if len(start) > 1 and not any(zeros) and all(letters):
                return name, ["the file was read as UTF-16"]
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        proper = improper = unknown = False
        while block := stream.read(BLOCK):
            if b"\0" in block:
                raise refusal(path, "", "expected text, found something else; save the table as 'CSV UTF-8'.")
            if block.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(block)
            escaped = [letter for letter in set(text) if "\udc80" <= letter <= "\udcff"]
            improper |= bool(escaped)
            proper |= any(letter > "\x7f" for letter in set(text).difference(escaped))
            unknown |= any(letter in block for letter in NOT_WINDOWS)
        improper |= bool(decoder.getstate()[0])
    if not improper:
        return "utf-8", []
    if proper or unknown:
        problem = "expected UTF-8, found other bytes; save it as 'CSV UTF-8'."
        raise refusal(path, f"line {_undecodable(path)}", problem)
    return "cp1252", ["the file is not UTF-8 and was read as Windows-1252 (Western European letters)"]


def _undecodable(path: Path) -> int:
    """The line of the first byte that is not UTF-8."""
    number = 0
    with path.open("rb") as stream:
        for line in stream:
            number += 1
            try:
                line.decode()
            except UnicodeDecodeError:
                break
    return number


def _separator(path: Path, lines: list[str], stated: str | None, known: Collection[str]) -> str:
    """What stands between the columns: what the file states, or what fits the header and the lines below it."""
    shares = {mark: share for mark in SEPARATORS if (share := _fit(lines, mark)) is not None}
    line = next(place for place, text in enumerate(lines, start=1) if text.strip())
    if stated:
        if stated.isalnum() or stated in "\"'. " or (shares and stated not in shares):
            found = " or ".join(SEPARATORS[mark] for mark in shares) or "no such columns"
            problem = f"expected columns with {stated!r} between them, as the line sep= states, found {found}."
            raise refusal(path, f"line {line}", problem)
        return stated
    if len(shares) <= 1:
        return next(iter(shares), ",")
    best = max(shares.values())
    fitting = [mark for mark, share in shares.items() if share >= min(best, CLEARLY)]
    if len(fitting) > 1:
        fitting = [mark for mark in fitting if _knows(lines, mark, known)] or fitting
    if len(fitting) > 1:
        words = " and ".join(SEPARATORS[mark] for mark in fitting)
        problem = f"expected one separator, found that {words} both fit; state it in a line sep={fitting[0]} above."
        raise refusal(path, f"line {line}", problem)
    return fitting[0]


def _parsed(lines: list[str], separator: str) -> list[list[str]]:
    """The fields of some lines, each line for itself, so that an open quotation mark stays in its line."""
    rows = []
    for line in lines:
        try:
            fields = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
            rows.append([field.strip() for field in fields])
        except csv.Error:
            rows.append([])
    return rows


def _fit(lines: list[str], separator: str) -> float | None:
    """The share of the lines below the header with as many fields as it has; None when it has fewer than two."""
    header, *rows = [row for row in _parsed(lines, separator) if any(row)] or [[]]
    width = len(_trimmed(header))
    if width < 2:
        return None
    fits = [len(row) == width or (len(row) > width and not any(row[width:])) for row in rows]
    if _shifted(_trimmed(header), rows):
        return 1.0
    return sum(fits) / len(fits) if fits else 1.0


def _knows(lines: list[str], separator: str, known: Collection[str]) -> bool:
    header = next(row for row in _parsed(lines, separator) if any(row))
    return any(plain(name) in known for name in header)


def _trimmed(names: list[str]) -> list[str]:
    """The names without the empty ones at the end."""
    while names and not names[-1]:
        names = names[:-1]
    return names


def _shifted(names: list[str], rows: list[list[str]]) -> bool:
    """Whether each row begins with its number and is one field longer than the header, as R's write.table has it."""
    if len(rows) < 2 or not all(len(row) == len(names) + 1 for row in rows):
        return False
    firsts = [row[0] for row in rows]
    return any(firsts == [str(place + start) for place in range(len(rows))] for start in (0, 1))


def _refuse_twice(path: Path, line: int, names: list[str]) -> None:
    seen = set()
    for name in map(str.casefold, filter(None, names)):
        if name in seen:
            raise refusal(path, f"line {line}", f"expected each name once, found {brief(name)} twice.")
        seen.add(name)
    if not seen:
        raise refusal(path, f"line {line}", f"expected the names of columns, found {listed(names)}.")
