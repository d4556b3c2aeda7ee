"""What all of a reader's own files have in common: a look at the size first, then rows, each known by its line.

Every refusal is one sentence: where in the file, what was expected, what was found. Lines count from 1, as an editor
shows them, so that the header of a table is line 1.
"""

import csv
import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.errors import CourseError

LIMIT = 2_000_000_000  # bytes, of a file and of what a file unpacks to
LONGEST_MESSAGE = 280  # characters: what `course run` shows of an error
FEWEST_GROUPS = 3  # of each class: one for training, one for validation, one for the test
MISSING = {"", "na", "nan"}
CHUNK = 20_000


@dataclass(frozen=True)
class Table:
    """The columns of a CSV that were asked for, and the line of each row.

    columns: name → str objects (rows,) or float64 (rows,), NaN where the field is empty. lines: int64 (rows,).
    ignored: the names of the other columns.
    """

    path: Path
    columns: dict[str, np.ndarray]
    lines: np.ndarray
    ignored: tuple[str, ...]

    def refuse(self, row: int, column: str, problem: str) -> CourseError:
        """The error for one field."""
        return refusal(self.path, f"line {self.lines[row]}, column {brief(column)}", problem)


def refusal(path: Path, where: str, problem: str) -> CourseError:
    """The error for one place in one file, no longer than what a report shows of it."""
    text = f"{brief(path.name, 60)}{', ' + where if where else ''}: {problem}"
    return CourseError(text if len(text) < LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…")


def brief(text: object, most: int = 40) -> str:
    """The text on one line, cut when it is long."""
    line = str(text).encode("unicode_escape").decode() if not str(text).isprintable() else str(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(names: Collection[object], most: int = 6) -> str:
    """``a, b, c and 4 more``."""
    told = [brief(name, 24) for name in list(names)[:most]]
    more = len(names) - len(told)
    return (", ".join(told) or "nothing") + (f" and {more:,} more" if more > 0 else "")


def present(path: Path, suffix: str) -> Path:
    """The path, when a file of this kind stands there and is neither empty nor too large; nothing is read for that."""
    if not path.exists():
        raise CourseError(_not_there(path))
    if path.is_dir():
        raise refusal(path, "", f"this is a folder, where a {suffix} file was expected; name the file in it.")
    if not path.is_file():
        raise refusal(path, "", f"this is no file, where a {suffix} file was expected.")
    if path.suffix.lower() != suffix:
        raise refusal(path, "", f"the name ends in {brief(path.suffix) or 'nothing'}, where {suffix} was expected.")
    size = path.stat().st_size
    if size == 0:
        raise refusal(path, "", f"the file is empty, where a {suffix} file with data was expected.")
    if size > LIMIT:
        raise refusal(path, "", f"the file has {size / 1e9:,.1f} GB and was not read; the most is {LIMIT / 1e9:g} GB.")
    return path


def _not_there(path: Path) -> str:
    if not path.parent.is_dir():
        return f"There is no folder {_end(path.parent)}, so that {brief(path.name, 60)} cannot be read."
    close = difflib.get_close_matches(path.name, [other.name for other in path.parent.iterdir()], n=3)
    advice = f"did you mean {' or '.join(brief(name, 60) for name in close)}?" if close else "look at its name."
    return f"There is no {brief(path.name, 60)} in the folder {_end(path.parent)}; {advice}"


def _end(folder: Path) -> str:
    return str(folder) if len(str(folder)) <= 60 else "…" + str(folder)[-59:]


def header(path: Path) -> list[str]:
    """The names in line 1, without the spaces around them."""
    for _, fields in _records(present(path, ".csv")):
        return _names(path, fields)
    raise refusal(path, "line 1", "the file holds no row, where the names of columns were expected.")


def table(
    path: Path, text: Sequence[str] = (), numbers: Sequence[str] | None = (), optional: Collection[str] = ()
) -> Table:
    """Read columns of a CSV (UTF-8, commas), in one pass: time and memory grow with the rows.

    text, numbers: names of columns, small letters; capitals in the file do not matter. numbers=None: all other columns,
    spelled as in the file. optional: those of the names that may be absent. Empty lines do not count as rows.
    """
    names = header(path)
    found = _wanted(path, names, [*text, *(numbers or ())], optional)
    kinds = {name: name in text for name in found}
    if numbers is None:
        found |= {name: place for place, name in enumerate(names) if place not in found.values()}
    ignored = tuple(name for place, name in enumerate(names) if place not in found.values())
    parts, all_lines, known = {name: [] for name in found}, [], {}
    for lines, columns in _chunks(path, len(names)):
        all_lines.append(lines)
        for name, place in found.items():
            if kinds.get(name):
                # The same word again is the same object again: a million rows with few different words stay small.
                parts[name].append(np.array([known.setdefault(w, w) for w in map(str.strip, columns[place])], object))
            else:
                parts[name].append(numeric(path, name, columns[place], lines))
    if not all_lines:
        raise refusal(path, "", "there is no row below the header, where data were expected.")
    return Table(path, {name: np.concatenate(part) for name, part in parts.items()}, np.concatenate(all_lines), ignored)


def numeric(path: Path, name: str, fields: Sequence[str], lines: np.ndarray) -> np.ndarray:
    """Fields as float64, NaN where they are empty, NA or NaN; the first that is no number is refused with its line."""
    try:
        values = np.array([field or "nan" for field in fields], dtype=np.float64)
    except ValueError:
        values = np.array([_number(field) for field in fields], dtype=np.float64)
    wrong = np.isinf(values) | np.fromiter(("_" in field for field in fields), bool, len(fields))
    if wrong.any():
        row = int(wrong.argmax())
        found = brief(fields[row].strip())
        advice = "a point, not a comma, before decimals" if "," in found else "a number"
        raise refusal(path, f"line {lines[row]}, column {brief(name)}", f"expected {advice}, found {found!r}.")
    return values


def _number(field: str) -> float:
    """The number, NaN for an empty field, infinity for what is none."""
    if field.strip().lower() in MISSING:
        return np.nan
    try:
        return float(field)
    except ValueError:
        return np.inf


def _names(path: Path, fields: list[str]) -> list[str]:
    names = [field.strip() for field in fields]
    for mark, told in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            raise refusal(
                path, "line 1", f"columns are parted by {told}, where commas were expected; save it as CSV with commas."
            )
    for place, name in enumerate(names, start=1):
        if not name:
            raise refusal(
                path, "line 1", f"column {place} has no name; give it one, or leave it out (in pandas: index=False)."
            )
    folded = [name.lower() for name in names]
    for name in folded:
        if folded.count(name) > 1:
            raise refusal(path, "line 1", f"the column {brief(name)} stands there twice; each name once was expected.")
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
            raise refusal(path, "line 1", f"the column {brief(close[0])} is not known; did you mean {name}?")
    return {name: places[name] for name in wanted if name in places}


def _chunks(path: Path, width: int) -> Iterator[tuple[np.ndarray, list[tuple[str, ...]]]]:
    """(lines, columns) of some rows at a time, the header left out."""
    lines, rows = [], []
    records = _records(path)
    for _ in records:  # the header, which may follow empty lines
        break
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
                raise refusal(path, "", "this is no text, where a CSV was expected; save it as CSV (UTF-8).")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True, skipinitialspace=True)
            for fields in reader:
                if reader.line_num != before + 1:
                    raise csv.Error("a quotation mark is opened and not closed")
                before = reader.line_num
                if any(fields):
                    yield before, fields
    except csv.Error as error:
        problem = f"expected fields parted by commas, found that {error}."
        raise refusal(path, f"line {before + 1}", problem) from error
    except UnicodeDecodeError as error:
        problem = "the letters are not UTF-8; save the file as 'CSV UTF-8'."
        raise refusal(path, f"line {_undecodable(path)}", problem) from error
    except OSError as error:
        raise refusal(path, "", f"the file cannot be read ({error.strerror}).") from error


def _undecodable(path: Path) -> int:
    """The line of the first byte that is not UTF-8."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


def enough_groups(path: Path, labels: np.ndarray, class_names: Sequence[str], groups: np.ndarray) -> None:
    """Refuse a class that cannot stand in training, validation and test, because too few groups hold it."""
    for label, name in enumerate(class_names):
        found = len(np.unique(groups[labels == label]))
        if found < FEWEST_GROUPS:
            raise refusal(
                path,
                "column label",
                f"expected each class in {FEWEST_GROUPS} groups or more (training, validation, test), "
                f"found {brief(name)!r} in {found}.",
            )
