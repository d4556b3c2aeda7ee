"""One column of a table as numbers, read some rows at a time: what it holds, and what in it is not a number."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.datasets.own.reading import brief, plain, refusal
from utils.errors import CourseError

MISSING = {"", "na", "nan"}
LARGEST = 3e38  # what fits into the float32 that models compute with
COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # 1,234 may be 1.234 or 1234
MOST_WORDS = 5  # different words that are kept
PAIRS = (("false", "true"), ("no", "yes"), ("inactive", "active"), ("negative", "positive"), ("f", "t"), ("n", "y"))
MEANING = {word: float(value) for pair in PAIRS for value, word in enumerate(pair)}
IDS = {"id", "ids", "cas", "cid", "inchi", "inchikey", "chembl", "chemblid", "molid"}
PERHAPS_IDS = {"index", "idx", "key", "name", "num", "nr", "no", "number"}
PERHAPS_IDS |= {"cmpd", "compound", "molecule", "row", "sample", "case"}
FEWEST_IN_ORDER = 5  # rows that show a running number


class Numbers:
    """A column that may hold numbers. ``add`` takes rows, ``values`` gives them once all are there.

    A field that is empty, NA or NaN is NaN. Words are counted; yes and no and their like are kept as 1 and 0, for the
    case that the column holds nothing else. Where the separator is not a comma, ``1,5`` is one and a half.
    """

    def __init__(self, path: Path, name: str, separator: str = ","):
        self.path, self.name, self.separator = path, name, separator
        self.parts: list[np.ndarray] = []
        self.words: dict[str, tuple[int, str]] = {}  # word → (line, field) of its first appearance
        self.word_count = self.meant = 0  # words, and those of them that mean 0 or 1
        self.points = False
        self.comma: tuple[int, str] | None = None  # (line, field) of the first number with a comma
        self.decided = False  # whether one of them can only be a decimal comma

    def add(self, fields: Sequence[str], lines: Sequence[int]) -> None:
        together = "".join(fields)
        self.points |= "." in together
        try:
            values = np.array([field or "nan" for field in fields], dtype=np.float64)
            simple = "_" not in together and not (np.abs(values) > LARGEST).any()
        except ValueError:
            simple = False
        self.parts.append(
            values if simple else np.array([self._number(f, n) for f, n in zip(fields, lines, strict=True)], float)
        )

    def _number(self, field: str, line: int) -> float:
        text = field.strip()
        if text.lower() in MISSING:
            return np.nan
        if self.separator != "," and COMMA.fullmatch(text):
            self.comma = self.comma or (line, text)
            self.decided |= not THOUSANDS.fullmatch(text)
            text = text.replace(",", ".")
        try:
            value = float(text)
            if "_" not in text and abs(value) <= LARGEST:  # 1_000 is a number for Python only
                return value
        except ValueError:
            pass
        self.word_count += 1
        word = text.casefold()
        self.meant += word in MEANING
        if len(self.words) < MOST_WORDS:
            self.words.setdefault(word, (line, text))
        return MEANING.get(word, np.nan)

    @property
    def values(self) -> np.ndarray:
        """float64 (rows,)."""
        if len(self.parts) != 1:
            self.parts = [np.concatenate(self.parts) if self.parts else np.empty(0)]
        return self.parts[0]

    @property
    def known(self) -> np.ndarray:
        """The values that are not NaN."""
        return self.values[~np.isnan(self.values)]

    @property
    def pair(self) -> tuple[str, str] | None:
        """The two words for 0 and 1, when the column holds nothing else."""
        if self.word_count != len(self.known):
            return None
        return next((pair for pair in PAIRS if self.words and set(self.words) <= set(pair)), None)

    @property
    def is_text(self) -> bool:
        """Whether words, other than a pair for 0 and 1, are the rule in this column."""
        return bool(self.words) and self.pair is None and self.word_count > len(self.known) - self.meant

    @property
    def is_constant(self) -> bool:
        return not self.words and (not len(self.known) or self.known.min() == self.known.max())

    @property
    def is_zero_one(self) -> bool:
        return self.pair is not None or (not self.words and bool(np.isin(self.known, (0, 1)).all()))

    @property
    def is_count(self) -> bool:
        """Whether it holds the running number of the row, from 0 or 1."""
        values = self.values
        if self.words or self.points or len(values) < FEWEST_IN_ORDER:
            return False
        return any(np.array_equal(values, np.arange(start, start + len(values))) for start in (0, 1))

    @property
    def is_id(self) -> bool:
        """Whether it only names the rows: the name says so, or a name that may say so and all whole numbers differ."""
        last = plain(self.name).rsplit("_", 1)[-1]
        if last in IDS:
            return not self.points
        if last not in PERHAPS_IDS or self.words or self.points:
            return False
        return len(np.unique(self.known)) == len(self.values)

    def refuse_words(self, expected: str = "a number", pairs: bool = True) -> None:
        """Refuse the column when not all of it are numbers, or when a comma in it may mean two things.

        pairs: whether a column of yes and no, or the like, may pass.
        """
        if self.comma and (self.points or not self.decided):
            why = "while other fields have points" if self.points else "whose comma may be a point or divide thousands"
            raise self.refuse(*self.comma, f"expected one form of numbers, found {{!r}}, {why}; write 1.5 and 1500.")
        if self.words and (self.pair is None or not pairs):
            line, field = next(iter(self.words.values()))
            comma = " with a comma for a point" if COMMA.fullmatch(field) else ""
            raise self.refuse(line, field, f"expected {expected}, found {{!r}}{comma}.")

    def refuse(self, line: int, field: str, problem: str) -> CourseError:
        """The error for one field, which takes the place of {!r} in the sentence."""
        return refusal(self.path, f"line {line}, column {brief(self.name)}", problem.format(brief(field)))

    def notes(self) -> list[str]:
        """What was assumed to read the numbers."""
        return [f"in column {brief(self.name, 24)} commas were read as decimal points"] if self.comma else []
