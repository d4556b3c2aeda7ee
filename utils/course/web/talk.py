"""What a chapter says as a talk: its title, the cells tagged ``slide``, what can go wrong, its summary.

A tagged cell of text gives the beginning of its last section, or its formula. A tagged cell of code gives what it drew
or printed, under its heading: above it what the prose asks just before, below it what the prose finds just after.
Tagged ``slide-code`` it shows its code as well; tagged ``slide-open`` nothing is below it, where the prose goes on to
something else. What is too long for a slide goes whole into the speaker's notes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from utils.course.notebooks import Chapter
from utils.course.web import prose
from utils.course.web.prose import Section, sections

SLIDE, CODE, OPEN = TAGS = ("slide", "slide-code", "slide-open")
RISK_WORDS = 34  # at most, of each thing that can go wrong
EXERCISE = "Exercise "
CLINIC, SUMMARY = "What can go wrong in the clinic", "Summary"  # of every chapter; see DESIGN §4


@dataclass(frozen=True)
class Slide:
    """A slide. All texts are Markdown.

    Attributes
    ----------
    title : str
    before, after : str
        What stands above what is shown, and what appears below it once it has been looked at.
    code : str
        Code to be shown.
    outputs : tuple of dict
        Outputs of the cell, as the notebook holds them.
    notes : str
        For the speaker.
    kind : str
        ``title``, ``text``, ``code`` or ``points``.
    """

    title: str
    before: str = ""
    code: str = ""
    outputs: tuple[dict, ...] = ()
    after: str = ""
    notes: str = ""
    kind: str = "text"


def slides(chapter: Chapter, notebook: dict) -> list[Slide]:
    """The slides of a chapter: its title, those of its tagged cells, and two that its last sections give."""
    return [
        Slide(chapter.title, before="\n".join(f"- {objective}" for objective in chapter.objectives), kind="title"),
        *_tagged(notebook["cells"]),
        *_closing(notebook["cells"]),
    ]


def tags(cell: dict) -> list[str]:
    """The tags of a cell."""
    return cell["metadata"].get("tags", [])


def is_tagged(cell: dict) -> bool:
    """Whether a cell is to be a slide."""
    return not set(TAGS).isdisjoint(tags(cell))


def _tagged(cells: Sequence[dict]) -> Iterator[Slide]:
    heading, above, told = "", Section("", ()), ""
    for place, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            there = sections(cell["source"])
            if is_tagged(cell):
                yield _of_text(there, heading)
            heading = next((one.heading for one in reversed(there) if _is_told(one) and one.heading), heading)
            above = there[-1]
        elif cell["cell_type"] == "code" and is_tagged(cell):
            exercise = "exercise" in cell["metadata"]
            findings = () if exercise or OPEN in tags(cell) else _findings(cells[place + 1 :])
            slide = _of_code(cell, above.heading if exercise else heading, above.blocks, findings, told)
            told = f"{slide.before} {slide.after}"
            yield slide


def _is_told(section: Section) -> bool:
    """Whether a section is told to everybody, and not an exercise."""
    return not section.heading.startswith(EXERCISE)


def _of_text(there: Sequence[Section], heading: str) -> Slide:
    """The slide of a cell of text: of its section with a formula, or else of the last one that is no exercise."""
    told = [section for section in there if _is_told(section) and section.blocks]
    chosen = next((section for section in told if any(map(prose.is_formula, section.blocks))), (told or there)[-1])
    blocks = chosen.blocks if chosen.heading or len(chosen.blocks) == 1 else chosen.blocks[1:]  # the first: a finding
    return Slide(chosen.heading or heading, before=prose.gist(blocks), notes="\n\n".join(blocks))


def _findings(cells: Sequence[dict]) -> Sequence[str]:
    """What the prose says after these cells, up to its next heading."""
    text = next((cell for cell in cells if cell["cell_type"] == "markdown"), None)
    section = sections(text["source"])[0] if text else Section("", ())
    return () if section.heading else section.blocks


def _of_code(cell: dict, heading: str, above: Sequence[str], findings: Sequence[str], told: str) -> Slide:
    outputs = tuple(map(_whole, cell["outputs"]))
    printed = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
    return Slide(
        heading,
        before=prose.question(above, told),
        code=cell["source"] if CODE in tags(cell) else "",
        outputs=outputs,
        after=prose.finding(findings),
        notes="\n\n".join([*above, *([f"```\n{printed}```"] if printed else []), *findings]),
        kind="code",
    )


def _whole(output: dict) -> dict:
    """An output with its texts in one piece each."""
    if "text" in output:
        return {**output, "text": _joined(output["text"])}
    return {**output, "data": {mime: _joined(value) for mime, value in output.get("data", {}).items()}}


def _joined(value: object) -> object:
    return "".join(value) if isinstance(value, list) else value


def _closing(cells: Sequence[dict]) -> Iterator[Slide]:
    there = {
        section.heading: section.blocks
        for cell in cells
        if cell["cell_type"] == "markdown"
        for section in sections(cell["source"])
    }
    for heading in (CLINIC, SUMMARY):
        if blocks := there.get(heading):
            lists = [block for block in blocks if prose.is_list(block)]
            text = "\n\n".join(lists if heading == SUMMARY else [prose.shortened(block, RISK_WORDS) for block in lists])
            yield Slide(heading, before=text, notes="\n\n".join(blocks), kind="points")
