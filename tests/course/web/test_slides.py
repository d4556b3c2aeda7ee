"""``course slides``: what a talk holds, what is refused, and that a browser shows it without a network."""

import functools
import re
import shutil

import pytest
from browsers import Watch, chromium, needs_browser
from conftest import CHAPTERS, ROOT

from utils.course import notebooks, refresh
from utils.course.web import landing, packages, slides, talk
from utils.datasets.downloads import Unavailable

NAMES = [path.stem for path in CHAPTERS]
LEAST, MOST = 12, 22  # slides: a talk of 15 to 25 minutes
LOADED = re.compile(r"""<(?:script|img|link|iframe|video|audio|source)\b[^>]*?(?:src|href)=["']?([^"' >]*)""")
FETCHED = re.compile(r"""@import\s*["']?([^"';]*)|url\(["']?([^"')]*)|\bfetch\(["']([^"']*)""")
LEGIBLE = 18  # pixels of 720: what the last row of a small room can read
# What does not fit into its slide or lies over something else, and the size of the smallest letters.
LOOK = """() => {
  const slide = Reveal.getCurrentSlide(), body = slide.querySelector(".body"), scale = Reveal.getScale();
  const box = slide.getBoundingClientRect(), parts = [...body.children].map((part) => part.getBoundingClientRect());
  const faults = [];
  if (body.scrollHeight > body.clientHeight + 1) faults.push("too high");
  if (body.scrollWidth > body.clientWidth + 1) faults.push("too wide");
  const lowest = Math.max(...parts.map(({bottom}) => bottom)), rightmost = Math.max(...parts.map(({right}) => right));
  if (lowest > box.bottom + 1 || rightmost > box.right + 1) faults.push("over the edge");
  parts.forEach((one, place) => parts.slice(place + 1).forEach((other) => {
    const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    if (across > 2 && down > 2) faults.push("one over another");
  }));
  const spoken = [...slide.querySelectorAll("*")].filter((part) => !part.closest("aside, mjx-container")
    && [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim()));
  const small = Math.min(...spoken.map((part) => parseFloat(getComputedStyle(part).fontSize)));
  const narrow = [...body.querySelectorAll("img")].some((image) => image.getBoundingClientRect().width / scale < 400);
  if (narrow) faults.push("a figure too small");
  if (slide.querySelector("mjx-merror")) faults.push("a formula that is none");
  const words = spoken.filter((part) => part.closest(".before, .after, h1, h2") && !part.closest("code"));
  if (words.some((part) => /\\$/.test(part.textContent))) faults.push("a formula that is not drawn");
  return [slide.querySelector("h1, h2").textContent, faults, small];
}"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """The path of a chapter's talk, by the chapter's name."""
    folder = tmp_path_factory.mktemp("slides")
    chapters = {path.stem: path for path in CHAPTERS}
    return functools.cache(lambda name: slides.write([chapters[name]], str(folder))[0])


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def stored(course):
    """A course with one chapter whose outputs belong to its code."""
    path = course.chapter("03_cnn", "print(1)")
    notebook = notebooks.read(path)
    for cell in notebooks.code_cells(notebook):
        cell["execution_count"], cell["outputs"] = 1, [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    notebook["cells"][-1]["metadata"]["tags"] = ["slide"]
    notebook["metadata"]["course_run"] = {"code_sha256": notebooks.code_sha256(notebook)}
    path.write_text(notebooks.as_text(notebook), encoding="utf-8")
    assert refresh.stale(path) is None
    shutil.copytree(ROOT / "site", course.root / "site")
    return path


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_each_chapter_has_a_talk_and_one_picture_of_its_own(path):
    notebook = notebooks.read(path)
    found = talk.slides(notebooks.chapter(path), notebook)
    assert LEAST <= len(found) <= MOST
    assert sum(map(talk.is_tagged, notebook["cells"])) >= LEAST
    for slide in found:
        assert slide.title and not slide.title.startswith("Quiz")
        assert slide.before or slide.code or list(slides._shown(slide)), slide.title
        assert "?" not in slide.after
    covers = [cell for cell in notebook["cells"] if landing.COVER in talk.tags(cell)]
    assert len(covers) == 1
    assert any("image/png" in output.get("data", {}) for output in covers[0]["outputs"])


def loaded(text):
    """The addresses of what a page or a style sheet loads, but for what it holds itself."""
    found = [*LOADED.findall(text), *(part for match in FETCHED.findall(text) for part in match)]
    return {address.strip() for address in found if address.strip() and not address.startswith("data:")}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_loads_nothing_but_what_lies_beside_it(deck, name):
    text = deck(name).read_text(encoding="utf-8")
    addresses = loaded(text)
    assert len(addresses) == 7 and all((deck(name).parent / address).is_file() for address in addresses), addresses
    assert text.count("<script") == 4 and "jupyterquiz" not in text  # the quiz would need a kernel


def test_style_sheets_load_nothing(deck):
    for style in deck("03_cnn").parent.glob("assets/**/*.css"):
        assert loaded(style.read_text(encoding="utf-8")) == set()


def test_a_figure_keeps_its_description(deck):
    text = deck("03_cnn").read_text(encoding="utf-8")
    assert 'alt="A dark round nucleus in colour and in grey; a kernel with a bright rim and a dark disc"' in text


def test_the_command_writes_a_page_and_says_where(stored, call, tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "put", lambda name, folder: (folder / name).mkdir(parents=True))
    code, out, _ = call("slides", "3", "--to", tmp_path / "build" / "talks")
    page = tmp_path / "build" / "talks" / "03_cnn.html"
    assert (code, out) == (0, f"{page}\n")
    text = page.read_text(encoding="utf-8")
    assert "<h1>Cnn</h1>" in text and '<pre class="printed" style="--lines: 1; --columns: 1">1</pre>' in text
    assert sorted(path.name for path in (page.parent / "assets").glob("deck.*")) == ["deck.css", "deck.js"]


def test_what_cannot_be_shown_is_refused_in_a_sentence(stored, call, tmp_path, monkeypatch):
    code, _, err = call("slides", "77")
    assert (code, err) == (2, "course: There is no chapter '77'. The chapters are 03_cnn.\n")
    code, _, err = call("slides", "--to", tmp_path / "chapters")
    assert code == 2 and err.endswith("lies among the files of the course: choose a place in build/, or outside.\n")

    text = stored.read_text(encoding="utf-8")
    stored.write_text(text.replace('"slide"', '"parked"'), encoding="utf-8")
    code, _, err = call("slides")
    assert (code, err) == (
        1,
        "course: 03_cnn.ipynb has no cell tagged `slide`: tag those that its talk is to show.\n",
    )
    stored.write_text(text.replace("print(1)", "print(2)"), encoding="utf-8")
    code, _, err = call("slides")
    assert (code, err) == (
        1,
        "course: 03_cnn.ipynb cannot be shown: its code has changed since its outputs were stored. "
        "Run `course refresh 03` first.\n",
    )
    stored.write_text(text, encoding="utf-8")

    def unavailable(*_):
        raise Unavailable("npm:reveal.js@5.2.1: no connection")

    monkeypatch.setattr(packages, "fetch_archive", unavailable)
    code, _, err = call("slides")
    assert code == 1
    assert err.startswith("course: npm:reveal.js@5.2.1: no connection; the pages need it once") and err.count("\n") == 1
    assert not list((tmp_path / "build").glob("slides/*.html"))


def test_lines_of_any_length_get_letters_that_fit():
    assert slides._extent("ab\ncdef") == "--lines: 2; --columns: 4"
    assert slides._extent("a" * 96) == "--lines: 1; --columns: 96"
    long = slides._extent("a" * 400)
    lines, columns = map(int, re.findall(r"\d+", long))
    assert lines * columns >= 400 and columns <= 96


@needs_browser
@pytest.mark.first(40)
@pytest.mark.parametrize("name", NAMES)
def test_everything_is_on_its_slide_and_legible(deck, browser, name):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    watch = Watch(page)
    page.goto(deck(name).as_uri())
    page.wait_for_selector("html[data-formulas]", state="attached")
    count = page.evaluate("Reveal.getTotalSlides()")
    assert count >= LEAST
    for number in range(count):
        title, faults, small = page.evaluate(f"() => {{ Reveal.slide({number}); return ({LOOK})(); }}")
        assert not faults, (number, title, faults)
        assert small >= LEGIBLE, (number, title, small)
    watch.clean()
    page.close()


@needs_browser
def test_an_arrow_key_uncovers_a_finding_and_then_goes_on(deck, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    watch = Watch(page)
    page.goto(deck("05_attention").as_uri())
    page.wait_for_selector("html[data-formulas]", state="attached")
    shown = "[Reveal.getIndices().h, !!Reveal.getCurrentSlide().querySelector('.after.visible')]"
    assert page.evaluate(shown) == [0, False]
    seen = []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate(shown))
    assert seen == [[1, False], [1, True], [2, False]]
    assert page.evaluate("document.querySelectorAll('mjx-container svg').length") > 3
    assert page.evaluate("document.querySelectorAll('mjx-container mjx-assistive-mml math').length") > 3
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("Suppose you remember three patients").wait_for()
    watch.clean()
    page.close()
