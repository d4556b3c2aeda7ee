"""The sources of the pages: links, terms, quizzes, references and what stands around a chapter, without Sphinx."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import nbformat
import pytest
from conftest import CHAPTERS
from PIL import Image

from utils.course import notebooks
from utils.course.web import bibliography, cards, chapter_pages, glossary, landing, pages, quiz, reference
from utils.course.web.launch import Launch, launch
from utils.errors import CourseError, UsageError
from utils.exercises.quizzes import questions

PUBLIC = Launch("someone/course")


def texts(notebook):
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


# Where a chapter can be run


def test_buttons_lead_to_the_repository_where_there_is_one():
    assert [name for name, _, _ in Launch().places("03_cnn.ipynb")] == ["JupyterLab"]
    places = {name: address for name, address, _ in PUBLIC.places("03_cnn.ipynb")}
    assert places["Colab"].endswith("/github/someone/course/blob/HEAD/chapters/03_cnn.ipynb")
    assert places["Binder"].endswith("/gh/someone/course/HEAD?labpath=chapters/03_cnn.ipynb")
    assert Launch().source("LICENSE") is None
    assert PUBLIC.source("LICENSE").endswith("/someone/course/blob/HEAD/LICENSE")


def test_the_repository_given_goes_before_that_of_ci(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "ci/course")
    assert launch("someone/course") == PUBLIC
    assert launch() == Launch("ci/course")
    with pytest.raises(UsageError, match="not of the form OWNER/NAME"):
        launch("a/b/c")


# Chapters


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_page_holds_the_chapter_and_help(path):
    page = chapter_pages.chapter_page(path, chapter_pages.web_edition(PUBLIC))
    chapter = notebooks.chapter(path)
    prose = texts(page)
    assert prose[0].startswith(f"# {chapter.number:02d} · {chapter.title}")
    address = re.search(rf'href="data:[^,]*,([^"]*)" download="{path.name}"', prose[1])[1]
    taken = nbformat.reads(base64.b64decode(address).decode(), as_version=4)
    nbformat.validate(taken)
    assert [cell.source for cell in taken.cells] == [cell["source"] for cell in notebooks.read(path)["cells"]]
    assert not any(cell.get("outputs") for cell in taken.cells)
    assert not any("<!--" in text for text in prose)
    for identifier in chapter.exercises:
        [solution] = [text for text in prose if f"One solution of exercise {identifier}\n" in text]
        assert f"Hint 1 for exercise {identifier}\n" in solution
        assert re.search(r"```python\n(def|class|@|[a-z_]+ =)", solution)
    shown = [output for cell in page["cells"] for output in cell.get("outputs", [])]
    assert not any("application/javascript" in output.get("data", {}) for output in shown)
    assert sum(text.count('<form class="quiz"') for text in prose) == len(questions(chapter.number))
    figures = [cell for cell in page["cells"] if any("image/png" in o.get("data", {}) for o in cell.get("outputs", []))]
    assert all(cell["metadata"]["mystnb"]["image"]["alt"] for cell in figures)


def test_a_hint_is_shown_as_it_is():
    assert chapter_pages.plain("x_1 * [a] <b> $c$") == r"x\_1 \* \[a\] \<b\> \$c\$"


# Quizzes


class Form(HTMLParser):
    """The answers of the forms in a page, and how many places there are to give one."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.inputs, self.legends = [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "form":
            self.forms.append(dict(attributes))
            self.inputs.append([])
        elif tag == "input":
            self.inputs[-1].append(dict(attributes))
        elif tag == "legend":
            self.legends += 1


@pytest.mark.parametrize("number", [int(path.stem[:2]) for path in CHAPTERS])
def test_every_question_is_a_form_that_knows_its_answers(number):
    found = Form(quiz.quiz_page(number))
    asked = questions(number)
    assert len(found.forms) == found.legends == len(asked)
    for form, inputs, item in zip(found.forms, found.inputs, asked, strict=True):
        assert json.loads(form["data-answers"]) == item["answers"]
        assert form["data-kind"] == quiz.KINDS[item["type"]]
        assert len(inputs) == (1 if item["type"] == "numeric" else len(item["answers"]))


# Terms


TERMS = {
    name: glossary.Term(name, f"what {name} means")
    for name in ("feature", "feature map", "loss", "C-index", "stride", "bias")
}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Feature maps show where.", [("feature map", "Feature maps")]),
        ("A loss, two losses.", [("loss", "loss")]),
        ("Losses fall.", [("loss", "Losses")]),
        ("lossless, a mini-loss and strides", [("stride", "strides")]),
        ("The c-index.", [("C-index", "c-index")]),
        ("Biased.", []),
    ],
)
def test_terms_are_found_whole_once_and_in_the_plural(text, terms):
    assert [(name, text[start:end]) for name, start, end in glossary.found(text, TERMS)] == terms


def test_the_terms_have_a_meaning_and_a_name_of_their_own():
    terms = glossary.terms()
    assert len(terms) > 150
    assert len({term.anchor for term in terms.values()}) == len(terms)
    assert not any(re.search(r"[$`*\[\]]", term.meaning) for term in terms.values())
    assert glossary.anchor("area under the ROC curve") == "term-area-under-the-roc-curve"


# Guides


@pytest.mark.parametrize(
    ("link", "where", "plain", "public"),
    [
        ("[the terms](glossary.md)", "chapters/x.md", None, None),
        ("[a picture](x.png)", "TEACHING.md", "a picture", "[a picture](https://github.com/someone/course/blob/HEAD/x.png)"),
        ("[start](../README.md)", "data/YOUR_OWN.md", "[start](../index.md)", "[start](../index.md)"),
        ("[cards](data/cards)", "CONTRIBUTING.md", "[cards](data/index.md)", "[cards](data/index.md)"),
        ("[out](https://example.org)", "TEACHING.md", None, None),
        ("[below](#here)", "TEACHING.md", None, None),
    ],
)  # fmt: skip
def test_links_of_guides_lead_to_pages_or_to_the_repository(link, where, plain, public):
    known = {"chapters/glossary.md"}
    assert pages.with_links(link, where, known, Launch()) == (link if plain is None else plain)
    assert pages.with_links(link, where, known, PUBLIC) == (link if public is None else public)


# References


def test_the_bibliography_has_each_reference_once_with_its_chapters():
    page = bibliography.page(CHAPTERS)
    lines = [line for line in page.splitlines() if line.startswith("- ")]
    addresses = [found[1].lower() for line in lines if (found := bibliography.ADDRESS.search(line))]
    assert len(addresses) == len(set(addresses)) > 80
    assert lines == sorted(lines, key=str.lower)
    for path in CHAPTERS:
        written = bibliography.references(notebooks.read(path))
        assert written or path.stem == "00_start_here"
        assert page.count(f"[{path.stem[:2]}](chapters/{path.name})") >= len(set(written))


# Landing page and cards of data


def test_every_chapter_has_a_picture_that_fits_a_card_and_says_what_it_shows():
    for path in CHAPTERS:
        content, alt = landing.cover(path.stem)
        assert alt
        small = Image.open(io.BytesIO(landing._small(content)))
        assert small.size == (landing.WIDTH, landing.HEIGHT)


def test_a_chapter_without_a_picture_is_named(course):
    course.chapter("03_cnn", "1")
    with pytest.raises(CourseError, match="03_cnn has no picture: tag one of its cells"):
        landing.cover("03_cnn")


def test_a_transparent_picture_is_put_on_white():
    file = io.BytesIO()
    Image.new("RGBA", (64, 40), (0, 0, 0, 0)).save(file, "PNG")
    small = Image.open(io.BytesIO(landing._small(file.getvalue())))
    assert small.getpixel((320, 200)) == (255, 255, 255)


def test_every_dataset_has_its_card():
    written = dict(cards.pages())
    table = written.pop("data/index.md")
    linked = set(re.findall(r"\((cards/[^)]+\.md)\)", table))
    assert {f"data/{card}" for card in linked} == set(written)


# The reference


def test_the_reference_shows_what_chapters_import():
    used = reference.imported(CHAPTERS)
    assert "utils.metrics.agreement" in used  # handed on by its room
    assert "utils.chapters.ch06_recipe" in used  # imported itself
    assert not any(name.startswith("utils.course") for name in used)
    assert "utils.metrics.areas" in list(reference.modules("metrics", used))
    written = dict(reference.pages())
    assert len(written) == len(reference.ROOMS) + 1
    assert ".. automodule:: utils.datasets.loaders" in written["reference/datasets.md"]


def described(values: "list[int]", *, most=None, names=("a",)) -> "str | None":
    """A function."""


class Kept:
    """A class."""

    def __init__(self, path: str, size: int = 3) -> None: ...

    def read(self, at: int = 0) -> bytes: ...

    @staticmethod
    def made(of: int) -> "Kept": ...


def test_signatures_are_as_written():
    assert reference.signature(described, False) == ("(values: list[int], *, most=None, names=('a',))", "str | None")
    assert reference.signature(Kept, False) == ("(path: str, size: int=3)", None)
    assert reference.signature(Kept.read, True) == ("(at: int=0)", "bytes")
    assert reference.signature(Kept.made, True) == ("(of: int)", "Kept")
    assert reference.signature(len, False) is None


# All of it


def test_every_page_is_staged(tmp_path):
    count = pages.stage(tmp_path, Launch())
    there = [path for path in tmp_path.rglob("*") if path.suffix in (".md", ".ipynb")]
    assert len(there) == count > 40
    chapter = json.loads((tmp_path / "chapters" / "03_cnn.ipynb").read_text(encoding="utf-8"))
    figure = next(
        output["data"]["image/png"]
        for cell in chapter["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    )
    assert Image.open(io.BytesIO(base64.b64decode("".join(figure))))
    assert (tmp_path / "pictures" / "03_cnn.png").is_file()
