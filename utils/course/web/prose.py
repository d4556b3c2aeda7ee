"""Markdown as a talk needs it: its sections, and of each as many whole sentences as a slide has room for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from utils.course.web.chapter_pages import ASIDE

TEXT_WORDS, QUESTION_WORDS, FINDING_WORDS, POINT_WORDS = 60, 36, 40, 16  # at most, on a slide
FORMULAS = 2

HEADING = re.compile(r"(#+) +(.+)")
LOCAL_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
DECIDE = re.compile(r" before you run the cells?\b")
SENTENCE_END = re.compile(r"[.?!…][*)\"”]*(?=\s+[*(\"“\[]*[A-Z0-9`$])")
WHOLE = re.compile(r"[.?!…][*)\"”]*$")
ABBREVIATIONS = ("e.g.", "i.e.", "vs.", "al.", "Fig.", "No.", "Dr.", "ca.")


@dataclass(frozen=True)
class Section:
    """A heading and the blocks of text below it, up to the next; the heading is empty before the first of a cell."""

    heading: str
    blocks: tuple[str, ...]


def sections(source: str) -> list[Section]:
    """The sections of a cell of text, in order; never empty."""
    parts = [("", [])]
    for block in re.split(r"\n\s*\n", _for_ears(source)):
        lines = block.split("\n")
        while lines and (found := HEADING.fullmatch(lines[0].strip())):
            parts.append((found[2], []))
            lines = lines[1:]
        if lines and (text := "\n".join(lines).strip()):
            parts[-1][1].append(text)
    if len(parts) > 1 and not parts[0][1]:
        parts = parts[1:]
    return [Section(heading, tuple(blocks)) for heading, blocks in parts]


def _for_ears(source: str) -> str:
    """The text of a cell without what is for readers of the notebook alone."""
    return DECIDE.sub(" first", LOCAL_LINK.sub(r"\1", ASIDE.sub("", source))).strip()


def is_list(block: str) -> bool:
    """Whether a block of Markdown is a list."""
    return re.match(r"([-*]|\d+\.) ", block) is not None


def _points(block: str) -> list[str]:
    """The points of a list of the first level, each in one line."""
    points = re.split(r"\n(?=[-*] |\d+\. )", block)
    return [" ".join(re.sub(r"^([-*]|\d+\.) +", "", point).split()) for point in points]


def is_formula(block: str) -> bool:
    """Whether a block of Markdown is a displayed formula."""
    return block.startswith("$$")


def is_prose(block: str) -> bool:
    """Whether a block of Markdown is a paragraph."""
    return not (is_list(block) or is_formula(block) or block.startswith(("|", "```", ">")))


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph."""
    found, begin = [], 0
    for match in SENTENCE_END.finditer(paragraph):
        so_far = paragraph[begin : match.end()]
        if so_far.endswith(ABBREVIATIONS) or so_far.count("$") % 2 or so_far.count("(") > so_far.count(")"):
            continue
        found.append(so_far.strip())
        begin = match.end()
    return [*found, paragraph[begin:].strip()]


def words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def question(above: Sequence[str], told: str) -> str:
    """What is asked, or else said, just before a cell, but for what the slide before has told already."""
    said = [sentence for block in above if is_prose(block) for sentence in sentences(block)]
    asked = [place for place, sentence in enumerate(said) if _asks(sentence)]
    said = said[: asked[-1] + 1] if asked else said
    last = said[-1:]  # which may lead to what the cell shows; others lead to a list or a formula that is not shown
    said = [sentence for sentence in said[:-1] if WHOLE.search(sentence)] + last
    return end([sentence for sentence in said if sentence not in told], QUESTION_WORDS)


def finding(blocks: Sequence[str]) -> str:
    """How a text begins that says what was seen, up to where it asks about what comes next."""
    said = sentences(blocks[0]) if blocks and is_prose(blocks[0]) else []
    return _start(list(takewhile(lambda sentence: not _asks(sentence), said)), FINDING_WORDS)


def _asks(text: str) -> bool:
    return "?" in text


def start(paragraph: str, most: int) -> str:
    """The first sentences of a paragraph, as many as have at most so many words, and at least one."""
    said = sentences(paragraph)
    return _start(said, most) or said[0]


def _start(said: Sequence[str], most: int) -> str:
    taken = _within(said, most)
    while taken and not WHOLE.search(taken[-1]):  # it leads to what is not shown
        taken.pop()
    return _balanced(" ".join(taken))


def end(pieces: Sequence[str], most: int) -> str:
    """The last of these sentences, as many as have at most so many words, and at least one if there is any."""
    return _balanced(" ".join(reversed(_within(list(reversed(pieces)), most))))


def gist(blocks: Sequence[str], most: int = TEXT_WORDS) -> str:
    """What a slide shows of a section: its formulas with what is said around them, or else how it begins.

    Paragraphs are cut after a sentence, and so are the points of a list.
    """
    formulas = [place for place, block in enumerate(blocks) if is_formula(block)][:FORMULAS]
    if formulas:
        return "\n\n".join(filter(None, _around(blocks, formulas)))
    taken = []
    for block in blocks:
        left = most - sum(map(words, taken))
        if is_list(block):
            taken.append(shortened(block))
        elif not is_prose(block):
            taken.append(block)
        elif left > 0 and (not taken or words(sentences(block)[0]) <= left):
            taken.append(start(block, left))
    return "\n\n".join(taken)


def _around(blocks: Sequence[str], formulas: Sequence[int]) -> Iterator[str]:
    for place in formulas:
        if place and is_prose(blocks[place - 1]):
            yield end(sentences(blocks[place - 1]), QUESTION_WORDS)
        yield blocks[place]
    yield finding(blocks[formulas[-1] + 1 :])


def shortened(block: str, most: int = POINT_WORDS) -> str:
    """A list with the first sentences of its points."""
    return "\n".join(f"- {start(point, most)}" for point in _points(block))


def _within(pieces: Sequence[str], most: int) -> list[str]:
    taken = []
    for piece in pieces:
        if taken and sum(map(words, taken)) + words(piece) > most:
            break
        taken.append(piece)
    return taken


def _balanced(text: str) -> str:
    """A text whose bold print is closed, and open, where it was cut in the middle of it."""
    if text.count("**") % 2 == 0:
        return text
    return f"{text}**" if re.search(r"(?:^|[\s(])\*\*\S", text) else f"**{text}"
