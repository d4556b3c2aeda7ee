"""Reading a reader's own table: each row is known by its line, counted from 1 as an editor does.

A column is found by the name that its kind gives it, by another name that means the same, or by an option.
"""

import csv
import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.own.layout import Layout, detect
from utils.datasets.own.numbers import MISSING, Numbers
from utils.datasets.own.reading import brief, listed, plain, refusal
from utils.errors import CourseError

CHUNK = 500  # rows taken apart at a time: few enough to stay in the processor's cache
SMILES = ("smile", "smi", "mol", "canonical_smiles", "isomeric_smiles", "smiles_string")
SEQUENCE = ("sequences", "seq", "dna", "rna", "dna_sequence", "rna_sequence")
LABEL = ("labels", "class", "y", "target", "outcome", "category")
PERSON = ("patient", "patient_id", "subject", "subject_id", "person", "person_id", "participant", "participant_id")
GROUP = ("groups", "group_id", "family", "family_id", *PERSON)
TIME = ("date", "datetime", "timestamp", "day", "days", "charttime", "event_time")
MOMENT = ("predict_at", "prediction_time", "index_time", "index_date")
VARIABLE = ("variable_name", "var", "code", "item", "parameter", "measurement", "test")
VALUE = ("values", "val", "valuenum", "result")
FILE = ("filename", "file_name", "filepath", "image", "image_id", "image_name", "image_path", "img", "picture", "path")
SPLIT = ("split", "set", "subset", "partition")
NAMES = {"smiles", "sequence", "file", "id", "label", "group", "time", "variable", "value"}
KNOWN = NAMES.union(FILE, SPLIT, SMILES, SEQUENCE, LABEL, GROUP, TIME, MOMENT, VARIABLE, VALUE)


@dataclass(frozen=True)
class Table:
    """The columns that were asked for.

    words: role → str objects (rows,). numbers: place of the column → ``Numbers``. lines: int64 (rows,).
    names: role → the name that the file has for it.
    """

    path: Path
    words: dict[str, np.ndarray]
    numbers: dict[int, Numbers]
    lines: np.ndarray
    names: dict[str, str]

    def refuse(self, row: int, role: str, problem: str) -> CourseError:
        """The error for one field."""
        return refusal(self.path, f"line {self.lines[row]}, {self.where(role)}", problem)

    def where(self, role: str) -> str:
        return f"column {brief(self.names.get(role, role))}"

    def filled(self, role: str) -> np.ndarray:
        """The words of a column, when no field of it is empty."""
        values = self.words[role]
        empty = [word for word in set(values.tolist()) if word.lower() in MISSING]
        if empty:
            row = int(np.isin(values, empty).argmax())
            raise self.refuse(row, role, "expected a value, found an empty field (or NA, NaN).")
        return values


class Sheet:
    """A table before its rows are read: which column is used for what, and what has to be said about that."""

    def __init__(self, path: Path, layout: Layout | None = None):
        self.layout = layout or detect(path, KNOWN)
        self.path, self.names = path, self.layout.names
        self.notes = list(self.layout.notes)
        self.roles: dict[str, int] = {}
        self.left_out([place for place, name in enumerate(self.names) if not name], "without a name")

    def refuse(self, problem: str) -> CourseError:
        return refusal(self.path, f"line {self.layout.line}" if self.layout.line else "", problem)

    def has(self, name: str) -> bool:
        return self._place(name) is not None

    def named(self, option: str, name: str) -> int:
        """The place of the column that an option names."""
        place = self._place(name)
        if place is None:
            close = difflib.get_close_matches(name.casefold(), map(str.casefold, self.names), n=1)
            advice = f"; did you mean {brief(close[0])}?" if close else "."
            raise self.refuse(
                f"expected the column {brief(name)} that --{OPTION_OF.get(option, option)} names, found "
                f"{self.layout.there()}{advice}"
            )
        for other, taken in self.roles.items():
            if taken == place and other != option:
                both = " and ".join(f"--{OPTION_OF.get(role, role)}" for role in (other, option))
                raise self.refuse(f"expected different columns for {both}, found {brief(name)} for both.")
        return place

    def several(self, option: str, names: str | Sequence[str]) -> list[int]:
        """The places of the columns that one option names: a sequence, or a text with commas between the names."""
        if isinstance(names, str):
            names = [names] if self.has(names) else next(csv.reader([names], skipinitialspace=True))
        places = [self.named(option, name) for name in names if name.strip()]
        if not places or len(set(places)) < len(places):
            raise self.refuse(f"expected the names of different columns in --{option}, found {listed(names)}.")
        return places

    def choose(self, **options: str | None) -> None:
        """Take the columns that options name, before any other column is looked for."""
        for role, name in options.items():
            if name is not None:
                self.roles[role] = self.named(role, name)

    def find(self, role: str, aliases: Collection[str] = (), required: bool = True) -> int | None:
        """The place of the column for a role: an option names it, or it has the role's name, or one that means it."""
        if role in self.roles:
            return self.roles[role]
        free = {place: plain(name) for place, name in enumerate(self.names) if place not in self.roles.values()}
        fitting = [place for place, name in free.items() if name == role]
        fitting = fitting or [place for place, name in free.items() if name in aliases]
        if len(fitting) > 1:
            both = " and ".join(brief(self.names[place], 24) for place in fitting[:2])
            raise self.refuse(
                f"expected one column {role}, found {both}; name the one to use with --{OPTION_OF.get(role, role)}."
            )
        if fitting:
            self.roles[role] = fitting[0]
            if free[fitting[0]] != role:
                self.notes.append(f"the column {brief(self.names[fitting[0]], 24)} was read as {role}")
            return fitting[0]
        if required:
            option = OPTION_OF.get(role, role)
            option = f"; name it with --{option}" if option in OPTIONS else ""
            raise self.refuse(f"expected a column {role}, found {self.layout.there()}{option}.")
        close = difflib.get_close_matches(role, free.values(), n=1, cutoff=0.75)
        if close:
            found = next(self.names[place] for place, name in free.items() if name == close[0])
            raise self.refuse(f"expected {role}, or a name unlike it, found {brief(found)}; name it with --{role}.")
        return None

    def rest(self) -> list[int]:
        """The columns that have a name and no role yet."""
        return [place for place, name in enumerate(self.names) if name and place not in self.roles.values()]

    def read(self, words: Collection[str] = (), numbers: Collection[int] = ()) -> Table:
        """Read columns in one pass, so that time and memory grow with the rows.

        words: roles whose fields are text. numbers: places of the columns that may hold numbers.
        """
        found = {role: self.roles[role] for role in words if role in self.roles}
        separator = self.layout.separator
        columns = {place: Numbers(self.path, self.names[place], separator) for place in numbers}
        parts, all_lines, known = {role: [] for role in found}, [], {}
        for lines, fields in self._chunks():
            all_lines += lines
            for role, place in found.items():
                # The same word again is the same object again: a million rows with few different words stay small.
                parts[role] += [known.setdefault(word, word) for word in map(str.strip, fields[place])]
            for place, column in columns.items():
                column.add(fields[place], lines)
        if not all_lines:
            raise refusal(self.path, "", "expected rows below the header, found none.")
        names = {role: self.names[place] for role, place in self.roles.items()}
        arrays = {role: np.array(part, object) for role, part in parts.items()}
        return Table(self.path, arrays, columns, np.array(all_lines, np.int64), names)

    def left_out(self, places: Collection[int], why: str) -> None:
        """Say that columns are not used."""
        if places:
            names = listed([self.names[place] or f"column {place + 1}" for place in places], 4)
            self.notes.append(f"left out, {why}: {names}")

    def _place(self, name: str) -> int | None:
        for form in (str, str.casefold):
            found = [place for place, other in enumerate(self.names) if other and form(other) == form(name.strip())]
            if found:
                return found[0]
        return None

    def _chunks(self) -> Iterator[tuple[list[int], list[tuple[str, ...]]]]:
        """(lines, columns) of some rows at a time."""
        lines, rows = [], []
        for line, fields in self.layout.rows():
            lines.append(line)
            rows.append(fields)
            if len(rows) == CHUNK:
                yield lines, list(zip(*rows, strict=True))
                lines, rows = [], []
        if rows:
            yield lines, list(zip(*rows, strict=True))


OPTION_OF = {"file": "id"}  # a role whose option is called otherwise
OPTIONS = ("label", "smiles", "sequence", "group", "id", "time")
