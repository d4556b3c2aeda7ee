"""What is to be predicted: which columns hold it, and which classes or numbers are in them."""

import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

import numpy as np

from utils.datasets.own.numbers import Numbers
from utils.datasets.own.reading import brief, listed, plain, refusal
from utils.datasets.own.tables import LABEL, Sheet, Table
from utils.errors import CourseError

# Cyrillic and Greek letters that look like Latin ones.
ALIKE = str.maketrans("аеорсухіјѕкмнтвοανικρτυχεβηζμ", "aeopcyxijskmhtboavikptuxebnzm")


def columns(sheet: Sheet, table: Table, rest: Sequence[int], fits: Callable = lambda column: True) -> list[int]:
    """The label columns among those that no option named: where the choice leaves no doubt, the others are said.

    Left out are running numbers, ids, text, empty columns and those with one value. fits: what else a label must be.
    """
    found = {place: table.numbers[place] for place in rest}
    why = {place: _unfit(column) for place, column in found.items()}
    fitting = [place for place in rest if why[place] is None and fits(found[place])]
    by_name = [place for place in fitting if plain(found[place].name) == "label"]
    by_name = by_name or [place for place in fitting if plain(found[place].name) in LABEL]
    broken = [place for place in fitting if found[place].words and not found[place].pair]
    if len(by_name) == 1:
        chosen = by_name
    elif len(fitting) == 1 or (fitting and all(found[place].is_zero_one or place in broken for place in fitting)):
        chosen = fitting
    elif fitting:
        names = listed([found[place].name for place in fitting], 4)
        raise sheet.refuse(
            f"expected one column of labels, or columns of 0 and 1 only, found {names}, which may be labels or "
            "descriptors; name the labels with --label, as in --label 'A,B'."
        )
    else:
        raise _none(sheet, found, why)
    for reason in dict.fromkeys(filter(None, why.values())):
        sheet.left_out([place for place in rest if why[place] == reason], reason)
    others = [place for place in rest if why[place] is None and place not in chosen]
    if others:
        taken = listed([found[place].name for place in chosen], 4)
        sheet.notes.append(f"the column {taken} was read as label; --label names another")
        sheet.left_out(others, "not named as labels")
    return chosen


def _unfit(column: Numbers) -> str | None:
    """Why a column cannot be a label; None when it can."""
    if plain(column.name).startswith("unnamed") or column.is_count:
        return "a running number"
    if column.is_text:
        return "an id" if column.is_id else "text"
    if column.is_id:
        return "an id"
    return "the same value in every row" if column.is_constant else None


def _none(sheet: Sheet, found: dict[int, Numbers], why: dict[int, str | None]) -> CourseError:
    if not found:
        return sheet.refuse("expected a column of labels beside the others, found none.")
    if len(found) == 1:
        ((place, column),) = found.items()
        try:
            refuse_unusable(column)
        except CourseError as error:
            if why[place] != "an id":
                return error
    first = [(found[place].name, reason) for place, reason in why.items() if reason][:3]
    reasons = ", ".join(f"{brief(name, 24)} ({reason})" for name, reason in first)
    return sheet.refuse(f"expected a column of labels, found {reasons or sheet.layout.there()}; name it with --label.")


def refuse_unusable(column: Numbers, expected: str = "a number") -> None:
    """Refuse a label column that holds something else than numbers, or one value only."""
    column.refuse_words(expected)
    if column.is_constant:
        found = f"only {column.known[0]:g}" if len(column.known) else "no value"
        where = f"column {brief(column.name)}"
        raise refusal(column.path, where, f"expected two different values or more, found {found}.")


def zero_one(column: Numbers) -> tuple[np.ndarray, str] | None:
    """The column as 0 and 1, and the sentence that says what was made of it; None when it has not two values."""
    values = np.unique(column.known)
    if len(values) > 2 or (len(values) < 2 and not column.is_zero_one):
        return None
    name = brief(column.name, 24)
    if column.pair:
        return column.values, f"in column {name} the words {' and '.join(column.pair)} were read as 0 and 1"
    if column.is_zero_one:
        return column.values, ""
    low, high = values
    mapped = np.where(np.isnan(column.values), np.nan, column.values == high)
    return mapped, f"column {name} holds two values only, {low:g} and {high:g}: they were read as the classes 0 and 1"


def classes(table: Table, role: str = "label") -> tuple[np.ndarray, tuple[str, ...]]:
    """Index of the class of each row, and the names of the classes: in the order of their numbers, or of the alphabet.

    Names are compared as they are written, without the spaces around them. Two that differ only in capitals, in spaces,
    in the form of a number (1, 1.0, 01, 1e0) or in letters that look alike may or may not be one class: refused.
    """
    names = table.filled(role)
    first = {}
    for row, name in enumerate(names):
        first.setdefault(name, row)
    seen = {}
    for name, row in first.items():
        other = seen.setdefault(_sense(name), name)
        if other != name:
            before = f"{brief(other, 24)!r} (line {table.lines[first[other]]})"
            raise table.refuse(
                row,
                role,
                f"expected one way to write each class, found {before} and {brief(name, 24)!r} here, which may or may "
                "not be one class; write one of them, or names that differ.",
            )
    if len(first) < 2:
        problem = f"expected two classes or more, found only {brief(names[0])!r}."
        raise refusal(table.path, table.where(role), problem)
    if len(first) > max(len(names) / 3, 2):
        problem = f"expected a class that many rows share, found {len(first):,} values in {len(names):,} rows."
        raise refusal(table.path, table.where(role), problem)
    numbers = {name: _number(name) for name in first}
    ordered = sorted(first, key=str if None in numbers.values() else numbers.get)
    index = {name: place for place, name in enumerate(ordered)}
    return np.array([index[name] for name in names.tolist()], np.int64), tuple(ordered)


def _number(name: str) -> Decimal | None:
    try:
        value = Decimal(name)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _sense(name: str) -> object:
    """What a name may mean: the same for two names that a person could take for one."""
    value = _number(name)
    if value is not None:
        return value
    text = unicodedata.normalize("NFKC", name)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")  # what has no width
    text = " ".join(text.casefold().translate(ALIKE).split())
    value = _number(text.replace(",", "."))
    return text if value is None else value
