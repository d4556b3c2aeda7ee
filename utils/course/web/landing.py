"""The first page: what the course is, and a card with a picture for each chapter."""

import base64
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from utils.course import notebooks
from utils.errors import CourseError
from utils.paths import root

WIDTH, HEIGHT = 640, 400  # of the picture on a card, in pixels
LIST = """# Chapters

Minutes are those of a slow reader, counted from words, lines and points.

| | Chapter | Reading | Exercises |
|---:|---|---:|---:|
"""
COVER = "cover"  # the tag of the cell with a chapter's picture


def pages(chapters: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Path and text of the first page, which is ``site/index.md`` with the cards in it, and of the list of chapters."""
    described = [notebooks.chapter(path) for path in chapters]
    text = (root() / "site" / "index.md").read_text(encoding="utf-8")
    yield "index.md", text.replace("<!-- cards -->", "\n".join(map(_card, described)))
    rows = "".join(f"| {c.number:02d} | [{c.title}]({c.name}.ipynb) | {c.reading} | {c.work} |\n" for c in described)
    contents = "\n".join(chapter.name for chapter in described)
    yield "chapters/index.md", f"{LIST}{rows}\n```{{toctree}}\n:hidden:\n\n{contents}\n```\n"


def _card(chapter: notebooks.Chapter) -> str:
    objective = chapter.objectives[0]
    return (
        f":::{{grid-item-card}} {chapter.number:02d} · {chapter.title}\n"
        f":img-top: pictures/{chapter.name}.png\n:img-alt: {cover(chapter.name)[1]}\n"
        f":link: chapters/{chapter.name}\n:link-type: doc\n\n"
        f"{objective[0].upper()}{objective[1:]}.\n"
        f":::\n"
    )


def pictures() -> dict[str, bytes]:
    """The picture of each chapter and those of ``site/images``, by their paths among the pages."""
    covers = {f"pictures/{path.stem}.png": _small(cover(path.stem)[0]) for path in notebooks.chapter_paths()}
    return covers | {f"images/{path.name}": path.read_bytes() for path in (root() / "site" / "images").glob("*.png")}


def cover(name: str) -> tuple[bytes, str]:
    """The figure that stands for a chapter, as PNG, and its description.

    Raises CourseError when no cell is tagged for it, or that cell holds no figure.
    """
    notebook = notebooks.read(root() / "chapters" / f"{name}.ipynb")
    for cell in (cell for cell in notebook["cells"] if COVER in cell["metadata"].get("tags", [])):
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                alt = output["metadata"].get("image/png", {}).get("alt", "")
                return base64.b64decode(output["data"]["image/png"]), " ".join(alt.split())
    raise CourseError(f"{name} has no picture: tag one of its cells that show a figure with `{COVER}`.")


def _small(content: bytes) -> bytes:
    """A picture fitted into a card, on white."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content)) as picture:
        flat = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
    fitted = ImageOps.pad(flat, (WIDTH, HEIGHT), color="white")
    file = io.BytesIO()
    fitted.save(file, "PNG", optimize=True)
    return file.getvalue()
