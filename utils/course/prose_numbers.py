"""Numbers in the prose of a chapter, compared with what its cells printed, so that a stale one fails a test.

A number that a sentence states is followed by an invisible comment that names the printed line it comes from::

    The nearest beat reaches 0.925<!--nearest beat-->, the GRU 0.918 (0.911 to 0.926)<!--GRU, test-->.

The words of the comment, piece by piece between the commas, stand in a line of text that a code cell above printed; the
last such cell counts, and each number since the comment before (or since the sentence began) is in one of those lines,
rounded to the digits of the prose. Other numbers of a result's kind (with a decimal point, a comma for thousands or a
percent sign, and *N of M*) are a literal of the chapter's code, stand in a sentence that cites its source with a year,
or carry ``<!--given: why-->``. Code, formulas, links, headings and the references hold no results.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from utils.course import notebooks

COMMENT = re.compile(r"<!--(.*?)-->", re.S)
NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|https?://\S+|<(?!!--)[^>]+>|^#+ .*$", re.S | re.M
)
NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w]|[.,]\d)(?:\s?%)?")
PRINTED = re.compile(r"(?<![\w.])(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
OF = re.compile(r"(\d[\d,]*) of (?:the |all |our )?(\d[\d,]*)(?![.\w])")
NAMED = re.compile(r"(?:[Ee]xercises?|[Qq]uestions?|[Cc]hapters?|[Ss]ections?|§|Keras|Python|TensorFlow|version) $")
SENTENCE = re.compile(r"(?<=[.!?])[\"”’*)\]]*\s+(?=[A-Z0-9*“\"(\[_])|\n\s*\n|\n(?=\s*(?:[-*|>]|\d+\.) )")
YEAR = re.compile(r"(?<![\d,.])(?:1[789]\d\d|20[0-3]\d)(?![\d,]|\.\d)")


@dataclass(frozen=True)
class Stated:
    """A number in a sentence, as it is written, and the words of the comment that it carries, if any."""

    text: str
    words: str | None

    @property
    def percent(self) -> bool:
        """Whether it is a percentage."""
        return self.text.endswith("%")

    @property
    def value(self) -> float:
        """The number itself; of 62 % it is 62."""
        return float(self.text.rstrip("% \u00a0\u202f").replace(",", ""))

    def rounds(self, value: float) -> bool:
        """Whether a printed value, without its sign, rounds to this number."""
        digits = len(self.text.rstrip("% \u00a0\u202f").partition(".")[2])
        close = 0.5 * 10**-digits * (1 + 1e-9) + 1e-12
        candidates = (value, 100 * value) if self.percent else (value,)
        return any(abs(candidate - self.value) <= close for candidate in candidates)


def wrong(notebook: dict) -> list[str]:
    """What is wrong with the numbers in the prose of an executed notebook, one sentence each."""
    literals = _literals(notebook)
    printed, found = [], []  # the lines of each code cell above
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            printed.append(_lines(cell))
        elif cell["cell_type"] == "markdown":
            if cell["source"].startswith("## Further reading"):
                break
            for sentence in SENTENCE.split(NO_PROSE.sub(" ` ", cell["source"])):
                for problem in _problems(sentence or "", printed, literals):
                    found.append(f"cell {cell.get('id', '?')}, “{_short(sentence)}”: {problem}")
    return found


def _problems(sentence: str, printed: list[list[str]], literals: set[float]) -> Iterator[str]:
    cited = YEAR.search(COMMENT.sub("", sentence))
    for stated in _stated(sentence):
        if stated.words is None:
            known = {stated.value, stated.value / 100} if stated.percent else {stated.value}
            if not cited and not known & literals:
                yield f"{stated.text} names no result: add <!--words of the printed line it comes from--> after it."
        elif not stated.words.startswith("given:"):
            lines = _named(stated.words, printed)
            if not lines:
                yield f"no cell above prints a line with “{stated.words}”."
            elif not any(stated.rounds(value) for line in lines for value in _values(line)):
                yield f"{stated.text} is not in what is printed: {' / '.join(line.strip() for line in lines[:3])}"


def _stated(sentence: str) -> Iterator[Stated]:
    """The numbers of a result's kind in a sentence, and any number right before a comment."""
    begin, pieces = 0, []
    for comment in COMMENT.finditer(sentence):
        pieces.append((sentence[begin : comment.start()], comment[1].strip()))
        begin = comment.end()
    pieces.append((sentence[begin:], None))
    for text, words in pieces:
        pairs = {place for match in OF.finditer(text) for place in (match.start(1), match.start(2))}
        for match in NUMBER.finditer(text):
            if NAMED.search(text[: match.start()]):
                continue
            last = words is not None and not text[match.end() :].strip(" *_)")
            if last or match.start() in pairs or re.search(r"[.,%]", match[0]):
                yield Stated(match[0], words)


def _named(words: str, printed: list[list[str]]) -> list[str]:
    """The lines of the last cell that printed one with all pieces of these words."""
    pieces = [" ".join(piece.split()).lower() for piece in words.split(",") if piece.strip()]
    for lines in reversed(printed):
        if found := [line for line in lines if all(piece in " ".join(line.split()).lower() for piece in pieces)]:
            return found
    return []


def _values(line: str) -> list[float]:
    return [float(text.replace(",", "")) for text in PRINTED.findall(line)]


def _lines(cell: dict) -> list[str]:
    """All lines of text that a cell printed or showed, claims included."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        texts += [
            "".join(text) for text in (output.get("text"), data.get("text/plain"), data.get("text/markdown")) if text
        ]
    return "\n".join(texts).splitlines()


def _literals(notebook: dict) -> set[float]:
    """The numbers written in the code of a chapter."""
    found = set()
    for cell in notebooks.code_cells(notebook):
        try:
            for token in tokenize.generate_tokens(io.StringIO(cell["source"]).readline):
                if token.type == tokenize.NUMBER and not re.match(r"0[xXbBoO]|.*[jJ]$", token.string):
                    found.add(float(token.string.replace("_", "")))
        except (tokenize.TokenError, SyntaxError):
            continue
    return found


def _short(sentence: str) -> str:
    words = " ".join(COMMENT.sub("", sentence).split())
    return words if len(words) <= 90 else words[:89] + "…"
