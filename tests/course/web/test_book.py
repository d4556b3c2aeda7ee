"""The printed book, of two chapters: real Sphinx, real Chromium, and the PDF read again."""

import re

import pytest
from browsers import Watch, chromium, needs_browser
from pypdf import PdfReader

from utils.course import notebooks
from utils.course.web import book, book_pages, printing
from utils.course.web import chromium as browsers
from utils.errors import CourseError, UsageError
from utils.exercises.core import get
from utils.paths import root

TITLES = ["Contents", "00 · Start here", "05 · Attention", "Data", "Glossary", "Bibliography"]
MILLIMETRE = 96 / 25.4
LAYOUT = """() => {
  const right = document.querySelector(".body").getBoundingClientRect().right;
  const seen = [...document.querySelectorAll(".body *")].filter((element) => !element.closest("mjx-assistive-mml"));
  const box = (element) => element.getBoundingClientRect();
  return {
    wide: seen.filter((element) => box(element).width && box(element).right > right + 1.5).map((e) => e.outerHTML),
    heights: [...document.querySelectorAll("img, mjx-container")].map((element) => box(element).height),
    missing: [...document.images].filter((image) => !image.naturalWidth).map((image) => image.src),
    formulas: document.querySelectorAll("mjx-container svg").length,
    undrawn: [...document.querySelectorAll(".math")].filter((e) => !e.querySelector("mjx-container")).length,
    letters: [...new Set([...document.fonts].filter((font) => font.status === "loaded").map((font) => font.family))],
    faulty: document.querySelectorAll("[data-mjx-error]").length,
  };
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page that is printed: two chapters with the appendices."""
    return book.page(notebooks.select(["00", "05"]), tmp_path_factory.mktemp("book"), lambda _: None)


@pytest.fixture(scope="module")
def printed(page):
    path = page.parent / "book.pdf"
    count = printing.print_page(page, path, lambda _: None)
    printed = Print(path)
    assert count == len(printed.pages)
    return printed


class Print:
    """A PDF that has been read: the words of each page, with one space between them, and where its bookmarks lead."""

    def __init__(self, path):
        self.pdf = PdfReader(path)
        self.pages = [" ".join(page.extract_text().split()) for page in self.pdf.pages]
        self.bookmarks = [entry for entry in self.pdf.outline if not isinstance(entry, list)]
        self.begin = {entry.title: self.pdf.get_destination_page_number(entry) for entry in self.bookmarks}

    def holding(self, words):
        """The pages, from 0, with these words."""
        return [place for place, page in enumerate(self.pages) if words in page]


@needs_browser
class TestPrint:
    def test_outline_and_tags(self, printed):
        assert list(printed.begin) == TITLES
        below = printed.pdf.outline[printed.pdf.outline.index(printed.bookmarks[1]) + 1]
        assert {"Quiz", "Answers"} <= {entry.title for entry in below if not isinstance(entry, list)}
        root = printed.pdf.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en"
        assert printed.pdf.metadata.title == "Deep Learning in Medicine"

    def test_page_numbers_of_the_contents(self, printed):
        text = printed.pdf.pages[printed.begin["Contents"]].extract_text()
        entries = re.findall(r"^(\S.*?) (\d+)$", text, re.MULTILINE)
        assert len(entries) > 40
        assert {title for title, _ in entries} > set(TITLES[1:])
        for title, number in entries:
            assert title in printed.pages[int(number) - 1], (title, number)

    def test_every_page_has_its_number_and_something_on_it(self, printed):
        for number, text in enumerate(printed.pages[1:], 2):
            assert re.match(rf"Deep Learning in Medicine .{{0,60}}?\b{number} ", text), (number, text[:80])
            assert len(text) > 100, f"page {number} is empty"

    def test_running_titles(self, printed):
        chapter = printed.pages[printed.begin["05 · Attention"] : printed.begin["Data"]]
        assert all(page.startswith("Deep Learning in Medicine 05 · Attention") for page in chapter)
        assert chapter[-1].startswith("Deep Learning in Medicine 05 · Attention: answers")

    def test_answers_are_only_behind_the_chapter(self, printed):
        there = printed.holding(get("5.1").hints[0].split(",")[0])
        assert there
        assert all(": answers" in printed.pages[place] for place in there)

    def test_sources_are_links(self, printed):
        notes = [note.get_object() for page in printed.pdf.pages for note in page.get("/Annots", [])]
        addresses = {note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", {})}
        assert sum(address.startswith("https://doi.org/10.") for address in addresses) > 20
        assert all(address.startswith("https://") for address in addresses)

    def test_title_and_imprint(self, printed):
        assert printed.pages[0].startswith("Deep Learning in Medicine")
        for said in ("version 0.", "No medical device", "CC BY 4.0", "MIT licence"):
            assert said in printed.pages[1]

    def test_chinese_letters(self, printed):
        assert printed.holding("attention map 注意力图")


@needs_browser
def test_layout(page):
    with chromium() as opened:
        sheet = opened.new_page()
        watch = Watch(sheet)
        sheet.emulate_media(media="print")
        sheet.goto(page.as_uri())
        headings = sheet.evaluate("book.compose()")
        found = sheet.evaluate(LAYOUT)
        watch.clean()
    assert len(headings) == len(set(headings)) > 40
    assert not found["wide"]
    assert max(found["heights"]) < 225 * MILLIMETRE
    assert not found["missing"]
    assert found["formulas"] > 20
    assert not found["undrawn"]
    assert not found["faulty"]
    assert {"Noto Sans SC Variable", "Source Sans 3", "Source Serif 4"} <= {
        name.strip('"') for name in found["letters"]
    }


class TestSource:
    def test_every_right_answer_is_printed(self):
        for path in notebooks.chapter_paths():
            number = int(path.stem[:2])
            asked, answered = book_pages._quiz(number), "\n\n".join(book_pages._answers(notebooks.chapter(path)))
            questions = book_pages.questions(number)
            assert asked.count("<li><p>") == len(questions)
            right = sum(answer["correct"] for item in questions for answer in item["answers"])
            assert answered.count("<strong>") == right
            assert not re.search(r"<strong>(None|nan)?\.?</strong>", answered)

    def test_answers_hold_a_solution_for_each_exercise(self):
        chapter = notebooks.chapter(notebooks.select(["03"])[0])
        answers = "\n\n".join(book_pages._answers(chapter))
        assert answers.count("```python") == len(chapter.exercises) == answers.count("### Exercise")


class TestRefusals:
    def test_a_folder(self, tmp_path):
        with pytest.raises(UsageError, match="is a folder: name a file for the book"):
            book.build(str(tmp_path))

    def test_no_pdf(self, tmp_path):
        with pytest.raises(UsageError, match="does not end in .pdf"):
            book.build(str(tmp_path / "book.txt"))

    def test_among_the_files_of_the_course(self):
        with pytest.raises(UsageError, match="lies among the files of the course"):
            book.build(str(root() / "chapters" / "book.pdf"))

    def test_stale_chapter(self, course, tmp_path):
        course.chapter("01_one", "print(1)")
        with pytest.raises(CourseError, match=r"01_one\.ipynb cannot be shown: it was never refreshed"):
            book.build(str(tmp_path / "build" / "book.pdf"))
        assert not (tmp_path / "build").exists()

    def test_missing_extra(self, monkeypatch, tmp_path):
        monkeypatch.setattr(book, "NEEDED", ("no_such_package",))
        with pytest.raises(CourseError, match="install the course with its extra `site`"):
            book.build(str(tmp_path / "book.pdf"))

    @needs_browser
    def test_no_browser(self, monkeypatch, tmp_path):
        monkeypatch.setattr(browsers, "NAMES", ())
        monkeypatch.setattr(browsers, "CHANNELS", ())
        monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
        with pytest.raises(CourseError, match="No browser was found that can print: install Chromium"), chromium():
            pass


class TestWhole:
    def test_takes_its_place_at_the_end(self, tmp_path):
        target = tmp_path / "new" / "book.pdf"
        with printing.whole(target) as partial:
            partial.write_bytes(b"whole")
            assert not target.exists()
        assert target.read_bytes() == b"whole"
        assert list(target.parent.iterdir()) == [target]

    def test_interrupted(self, tmp_path):
        target = tmp_path / "book.pdf"
        target.write_bytes(b"earlier")
        with pytest.raises(KeyboardInterrupt), printing.whole(target) as partial:
            partial.write_bytes(b"half")
            raise KeyboardInterrupt
        assert target.read_bytes() == b"earlier"
        assert list(tmp_path.iterdir()) == [target]

    def test_not_writable(self, tmp_path):
        (tmp_path / "file").touch()
        with (
            pytest.raises(CourseError, match="cannot be made a folder"),
            printing.whole(tmp_path / "file" / "book.pdf"),
        ):
            ...
