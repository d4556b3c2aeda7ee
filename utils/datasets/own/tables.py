"""Reading a reader's own CSV: each row is known by its line, counted from 1 as an editor does; the header is line 1."""

import csv
import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.own.reading import brief, listed, present, refusal, unreadable
from utils.errors import CourseError

MISSING = {"", "na", "nan"}
LARGEST = 3e38  # what fits into the float32 that models compute with
CHUNK = 500  # rows taken apart at a time: few enough to stay in the processor's cache
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Table:
    """The columns of a CSV that were asked for.

    columns: name → str objects (rows,) or float64 (rows,), NaN where the field is empty. lines: int64 (rows,).
    """

    path: Path
    columns: dict[str, np.ndarray]
    lines: np.ndarray

    def refuse(self, row: int, column: str, problem: str) -> CourseError:
        """The error for one field."""
        return refusal(self.path, f"line {self.lines[row]}, column {brief(column)}", problem)

    def filled(self, column: str) -> np.ndarray:
        """The column, when no field of it is empty."""
        values = self.columns[column]
        if values.dtype == object:
            empty = [word for word in set(values.tolist()) if word.lower() in MISSING]
            missing = np.isin(values, empty) if empty else np.zeros(1, bool)
        else:
            missing = np.isnan(values)
        if missing.any():
            raise self.refuse(int(missing.argmax()), column, "expected a value, found an empty field (or NA, NaN).")
        return values


def header(path: Path) -> list[str]:
    """The names in the first line, without the spaces around them."""
    for line, fields in _records(present(path, ".csv")):
        return _names(path, f"line {line}", fields)
    raise refusal(path, "line 1", "expected the names of columns, found nothing.")


def table(
    path: Path,
    text: Sequence[str] = (),
    numbers: Sequence[str] | None = (),
    optional: Collection[str] = (),
    expected: str = "a number",
) -> Table:
    """Read columns of a CSV (UTF-8, commas) in one pass: time and memory grow with the rows.

    text, numbers: names of columns, small letters; capitals in the file do not matter. numbers=None: all other columns,
    spelled as in the file. optional: those of the names that may be absent. expected: what a field of numbers should
    have held, for the message. Empty lines are passed over; other columns are not used.
    """
    names = header(path)
    found = _wanted(path, names, [*text, *(numbers or ())], optional)
    words = [name for name in found if name in text]
    if numbers is None:
        found |= {name: place for place, name in enumerate(names) if place not in found.values()}
    parts, all_lines, known = {name: [] for name in found}, [], {}
    for lines, columns in _chunks(path, len(names)):
        all_lines.append(lines)
        for name, place in found.items():
            if name in words:
                # The same word again is the same object again: a million rows with few different words stay small.
                parts[name] += [known.setdefault(word, word) for word in map(str.strip, columns[place])]
            else:
                parts[name].append(numeric(path, name, columns[place], lines, expected))
    if not all_lines:
        raise refusal(path, "", "expected rows below the header, found none.")
    columns = {name: np.array(part, object) if name in words else np.concatenate(part) for name, part in parts.items()}
    return Table(path, columns, np.concatenate(all_lines))


def numeric(path: Path, name: str, fields: Sequence[str], lines: np.ndarray, expected: str = "a number") -> np.ndarray:
    """Fields as float64, NaN where they are empty, NA or NaN; the first that is no number is refused with its line."""
    try:
        values = np.array([field or "nan" for field in fields], dtype=np.float64)
    except ValueError:
        values = np.array([_number(field) for field in fields], dtype=np.float64)
    wrong = np.abs(values) > LARGEST
    if "_" in "".join(fields):  # 1_000 is a number for Python only
        wrong |= ["_" in field for field in fields]
    if wrong.any():
        row = int(wrong.argmax())
        found = f"{brief(fields[row].strip())!r}{' with a comma for a point' if ',' in fields[row] else ''}"
        raise refusal(path, f"line {lines[row]}, column {brief(name)}", f"expected {expected}, found {found}.")
    return values


def _number(field: str) -> float:
    """The number, NaN for an empty field, infinity for what is none."""
    if field.strip().lower() in MISSING:
        return np.nan
    try:
        return float(field)
    except ValueError:
        return np.inf


def _names(path: Path, where: str, fields: list[str]) -> list[str]:
    """Names that can be told apart, from the fields of the first line."""
    names = [field.strip() for field in fields]
    for mark, told in SEPARATORS.items():
        if len(names) == 1 and mark in names[0]:
            raise refusal(
                path, where, f"expected commas between the columns, found {told}; save the table as CSV with commas."
            )
    seen = set()
    for place, name in enumerate(map(str.lower, names), start=1):
        if not name:
            raise refusal(
                path, where, f"expected a name for each column, found none for column {place} (pandas: index=False)."
            )
        if name in seen:
            raise refusal(path, where, f"expected each name once, found {brief(name)} twice.")
        seen.add(name)
    return names


def _wanted(path: Path, names: list[str], wanted: list[str], optional: Collection[str]) -> dict[str, int]:
    """Name → place in the header. A name that is almost an optional one is a slip of the pen, and is refused."""
    places = {name.lower(): place for place, name in enumerate(names)}
    for name in wanted:
        if name in places:
            continue
        if name not in optional:
            raise refusal(path, "line 1", f"expected a column {name}, found {listed(names)}.")
        close = difflib.get_close_matches(name, [other for other in places if other not in wanted], n=1, cutoff=0.75)
        if close:
            raise refusal(
                path, "line 1", f"expected {name}, or a name unlike it, for another column, found {brief(close[0])}."
            )
    return {name: places[name] for name in wanted if name in places}


def _chunks(path: Path, width: int) -> Iterator[tuple[np.ndarray, list[tuple[str, ...]]]]:
    """(lines, columns) of some rows at a time, the header left out."""
    lines, rows = [], []
    records = _records(path)
    next(records)  # the header
    for line, fields in records:
        if len(fields) != width:
            raise refusal(path, f"line {line}", f"expected {width} fields as in the header, found {len(fields)}.")
        lines.append(line)
        rows.append(fields)
        if len(rows) == CHUNK:
            yield np.array(lines, np.int64), list(zip(*rows, strict=True))
            lines, rows = [], []
    if rows:
        yield np.array(lines, np.int64), list(zip(*rows, strict=True))


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of every row with something in it."""
    before = 0
    try:
        with path.open("rb") as raw:
            if b"\0" in raw.read(100_000):
                raise refusal(path, "", "expected text, found something else; save the table as 'CSV UTF-8'.")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True, skipinitialspace=True)
            for fields in reader:
                if reader.line_num != before + 1:
                    raise csv.Error("a quotation mark is open at its end")
                before = reader.line_num
                if fields and (fields[0] or any(fields)):
                    yield before, fields
    except csv.Error as error:
        problem = f"expected commas and closed quotation marks, found otherwise ({error})."
        raise refusal(path, f"line {before + 1}", problem) from error
    except UnicodeDecodeError as error:
        where, problem = f"line {_undecodable(path)}", "expected UTF-8, found other bytes; save it as 'CSV UTF-8'."
        raise refusal(path, where, problem) from error
    except OSError as error:
        raise unreadable(path, error) from error


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
