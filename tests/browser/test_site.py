"""The web edition in a real browser, from the disk: what a reader does there works, and everybody can read it.

The pages are built once, by the command. ``COURSE_TEST_SITE`` names a folder with built ones, for work on the tests.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from browsers import Watch, chromium, needs_browser
from conftest import CHAPTERS, ROOT

from utils.course.web import glossary, packages
from utils.exercises.quizzes import questions

pytestmark = [needs_browser, pytest.mark.first(100)]

MEGABYTES = 60  # of the whole site
CHAPTER_MEGABYTES = 3  # of a chapter: its page and its figures
WIDTHS = {"desktop": 1280, "phone": 390}
THEMES = ("light", "dark")
FORMULAS = ("02_core_concepts", "04_rnn", "05_attention", "09_patient_records")
LINK = re.compile(r'<(?:a|img|link|script)\s[^>]*?(?:href|src)="([^"]*)"')
NAME = re.compile(r'\s(?:id|name)="([^"]+)"')

STILL = "document.head.insertAdjacentHTML('beforeend', '<style>* {transition: none !important}</style>')"
# A page of code is thousands of coloured words in a handful of colours: each colour is looked at once.
ONCE = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight span[class]")) {
    if (seen.has(word.className)) word.replaceWith(...word.childNodes);
    seen.add(word.className);
  }
}"""
LOOK = """async ([theme, rules]) => {
  document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme;
  const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, ...only});
  return found.violations.filter(({impact}) => ["serious", "critical"].includes(impact)).map(
    ({id, nodes}) => `${id}: ${nodes.length} times, first ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`);
}"""
COLOURS = ["color-contrast", "link-in-text-block"]  # what the theme changes


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the pages."""
    if given := os.environ.get("COURSE_TEST_SITE"):
        return Path(given)
    folder = tmp_path_factory.mktemp("site") / "pages"
    mirror = os.environ.get("COURSE_TEST_MIRROR")
    done = subprocess.run(
        [sys.executable, "-m", "utils.course", "site", "--to", str(folder), "--repository", "someone/course"],
        cwd=ROOT, env=os.environ | ({"COURSE_DATA_MIRROR": mirror} if mirror else {}), capture_output=True, text=True,
    )  # fmt: skip
    if "the pages need it once" in done.stderr and not os.environ.get("CI"):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """Every page."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser, site):
    """Open a page in a fresh profile; at the end, nothing may have gone wrong on it, and nothing left it."""
    watches, contexts = [], []

    def open_page(name, scheme="light", width=WIDTHS["desktop"]):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        watches.append(Watch(page))
        page.goto((site / f"{name}.html").as_uri())
        return page

    yield open_page
    for watch, context in zip(watches, contexts, strict=True):
        context.close()
        watch.clean()


# The files


@pytest.fixture(scope="module")
def written(pages):
    """Page → (where its links and pictures lead, the names of its places, its text)."""
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    return {path: (LINK.findall(text), set(NAME.findall(text)), text) for path, text in texts.items()}


def test_every_link_picture_and_anchor_leads_somewhere(written, site):
    broken = []
    for path, (links, _, _) in written.items():
        for link in set(links):
            if re.match(r"[a-z]+:", link):
                continue
            address, _, name = unquote(link.partition("?")[0]).partition("#")
            target = (path.parent / address).resolve() if address else path
            if not target.exists() or name and target in written and name not in written[target][1] | {"main-content"}:
                broken.append((path.relative_to(site), link))
    assert not broken


def test_no_page_needs_anything_from_elsewhere(written):
    for _, _, text in written.values():
        asked = re.findall(r'<(?:script|img|link|iframe)\s[^>]*(?:src|href)="(https?:[^"]*)"', text)
        assert not asked


def test_every_page_says_what_it_is(written, site):
    for path, (_, _, text) in written.items():
        assert '<html lang="en"' in text, path
        assert re.search(r"<title>[^<]{5,}</title>", text), path
        assert 'rel="icon"' in text, path
        if path.relative_to(site).as_posix() not in ("genindex.html", "search.html"):
            assert re.search(
                r'<meta name="description" content="[^"]{20,}"|content="[^"]{20,}" name="description"', text
            )
        assert all('alt="' in picture for picture in re.findall(r"<img [^>]*>", text)), path


def test_the_pages_are_small(written, site):
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    assert size / 1e6 <= MEGABYTES
    for path, (links, _, text) in written.items():
        if path.parent.name == "chapters":
            figures = {(path.parent / link).resolve() for link in links if link.endswith(".png")}
            assert (len(text.encode()) + sum(figure.stat().st_size for figure in figures)) / 1e6 <= CHAPTER_MEGABYTES


# Every page, once


@dataclass(frozen=True)
class Seen:
    """What a visit to a page showed."""

    page: str
    errors: list[str]
    outside: list[str]
    problems: dict[str, list[str]]  # by width and theme
    wide: list[str]  # the windows for which it is too wide
    raw: int  # formulas that were not drawn


@pytest.fixture(scope="module")
def seen(browser, pages, site, tmp_path_factory):
    """Every page visited once, in windows of two widths and in both themes."""
    axe = packages.put("axe-core", tmp_path_factory.mktemp("axe"))[0].read_text(encoding="utf-8")
    context = browser.new_context(viewport={"width": WIDTHS["desktop"], "height": 900})
    page = context.new_page()
    watch = Watch(page)
    visits = []
    for path in pages:
        page.set_viewport_size({"width": WIDTHS["desktop"], "height": 900})
        page.goto(path.as_uri())
        page.evaluate("() => window.MathJax?.startup?.promise")
        raw = page.locator(".math:not(:has(mjx-container))").count()
        page.evaluate(axe)
        page.evaluate(STILL)
        page.evaluate(ONCE)
        problems, wide = {}, []
        for window, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(350 if window == "phone" else 0)  # the theme looks a while later what can be scrolled
            if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
                wide.append(window)
            for theme in THEMES:
                problems[f"{window}, {theme}"] = page.evaluate(LOOK, [theme, None if theme == "light" else COLOURS])
        name = path.relative_to(site).as_posix()
        visits.append(Seen(name, list(watch.errors), list(watch.outside), problems, wide, raw))
        watch.errors.clear(), watch.outside.clear()
    context.close()
    return visits


def test_no_page_has_an_error_or_asks_for_something_outside(seen):
    assert not {visit.page: visit.errors + visit.outside for visit in seen if visit.errors or visit.outside}


def test_no_page_has_a_serious_problem_of_accessibility(seen):
    found = {
        f"{visit.page} ({where})": problems
        for visit in seen
        for where, problems in visit.problems.items()
        if problems
    }  # fmt: skip
    assert not found, json.dumps(found, indent=1)[:8000]


def test_no_page_is_wider_than_its_window(seen):
    assert not {visit.page: visit.wide for visit in seen if visit.wide}


def test_all_formulas_are_drawn(seen):
    assert not {visit.page: visit.raw for visit in seen if visit.raw}


# What a reader does


def test_the_search_finds_attention(visit):
    page = visit("index")
    page.locator(".search-button").first.click()
    page.locator("#pst-search-dialog input[type=search]").fill("attention")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=attention*")
    found = page.locator("#search-results ul.search li a, #search-results ol.search li a")
    found.first.wait_for()
    assert found.count() > 2
    page.locator("#search-results a", has_text="05 · Attention").first.click()
    page.wait_for_url("**/chapters/05_attention.html*")
    assert page.locator("h1").inner_text().startswith("05 · Attention")


def test_the_dark_theme_stays(visit):
    page = visit("index")

    def theme():
        return page.evaluate("() => document.documentElement.dataset.theme")

    assert theme() == "light"
    page.locator(".theme-switch-button").first.click()
    page.locator(".dropdown-menu [data-theme-value=dark], .dropdown-item", has_text="Dark").first.click()
    assert theme() == "dark"
    page.locator("a", has_text="Start here").first.click()
    page.wait_for_url("**/00_start_here.html")
    assert theme() == "dark"
    page.reload()
    assert theme() == "dark"


def quizzes():
    """Chapter and place of a question of each kind."""
    found = {}
    for path in CHAPTERS:
        for place, item in enumerate(questions(int(path.stem[:2])), 1):
            found.setdefault(item["type"], (path.stem, place, item))
    return [pytest.param(*value, id=kind) for kind, value in found.items()]


@pytest.mark.parametrize(("chapter", "place", "item"), quizzes())
def test_a_quiz_answers_right_and_wrong(visit, chapter, place, item):
    page = visit(f"chapters/{chapter}")
    form = page.locator(f"#quiz-{chapter[:2]}-{place}")
    says = form.locator(".quiz-says")
    if item["type"] == "numeric":
        right = next(answer for answer in item["answers"] if answer["correct"])
        field = form.locator("input")
        field.fill(str(right["value"] if right["type"] == "value" else sum(right["range"]) / 2))
        field.press("Enter")
        assert says.inner_text() == f"✓ {right['feedback']}"
        field.fill("-987654")
        form.locator("button").click()
        assert says.inner_text().startswith("✗ ")
        field.fill("much")
        field.press("Enter")
        assert says.inner_text() == "✗ Type a number, such as 0.25."
    else:
        for number, answer in enumerate(item["answers"]):
            form.locator("label").nth(number).click()
            assert says.inner_text() == f"{'✓' if answer['correct'] else '✗'} {answer['feedback']}"
    assert says.get_attribute("role") == "status"


def test_hints_and_a_solution_unfold(visit):
    page = visit("chapters/03_cnn")
    for title, shown in (("Hint 1 for exercise 3.1", "p"), ("One solution of exercise 3.1", "pre")):
        fold = page.locator("details", has=page.locator("summary", has_text=title))
        assert not fold.locator(shown).first.is_visible()
        fold.locator("summary").click()
        assert fold.locator(shown).first.is_visible()


@pytest.mark.parametrize("chapter", FORMULAS)
def test_formulas_are_drawn_and_can_be_heard(visit, chapter):
    page = visit(f"chapters/{chapter}")
    page.evaluate("() => window.MathJax.startup.promise")
    drawn = page.locator("mjx-container")
    assert drawn.count() == page.locator(".math").count() > 3
    assert page.locator("mjx-container mjx-assistive-mml math").count() == drawn.count()
    assert not re.search(r"\\[(\[]|\$\$", page.locator("article").inner_text())
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0


def test_a_term_shows_its_meaning_to_the_mouse_and_to_the_keyboard(visit):
    page = visit("chapters/03_cnn")
    link = page.locator("a.term", has_text="stride").first
    meaning = glossary.terms()["stride"].meaning

    def shown():
        return link.evaluate("link => getComputedStyle(link, '::after').content").strip('"')

    assert shown() == "none"
    link.hover()
    assert shown() == meaning
    page.mouse.move(0, 0)
    assert shown() == "none"
    page.keyboard.press("Tab")
    link.focus()
    assert shown() == meaning
    assert link.get_attribute("aria-description") == meaning
    link.click()
    page.wait_for_url("**/glossary.html#term-stride")
    assert page.locator("#term-stride").first.is_visible()


def test_code_can_be_copied(visit):
    page = visit("chapters/03_cnn")
    code, button = page.locator("div.cell_input pre"), page.locator("div.cell_input button.copybtn")
    assert button.count() == code.count() > 20
    page.evaluate("() => document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    code.first.hover()
    button.first.click()
    assert page.evaluate("() => window.copied").strip() == code.first.inner_text().strip()


def test_a_reader_walks_from_chapter_to_chapter(visit):
    page = visit("chapters/03_cnn")
    page.locator("a.right-next").click()
    page.wait_for_url("**/04_rnn.html")
    page.locator("a.left-prev").click()
    page.wait_for_url("**/03_cnn.html")
    contents = page.locator(".section-nav a", has_text="Pooling").first
    contents.click()
    assert "#" in page.url


def test_a_chapter_downloads(visit):
    page = visit("chapters/03_cnn")
    assert page.locator("p.launch a").all_inner_texts()[:2] == ["Download the notebook", "JupyterLab"]
    with page.expect_download() as download:
        page.locator("a", has_text="Download the notebook").click()
    notebook = nbformat.read(download.value.path(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")


def test_on_a_phone_the_menu_opens(visit):
    page = visit("chapters/03_cnn", width=WIDTHS["phone"])
    page.locator("button.primary-toggle").click()
    page.locator("#pst-primary-sidebar-modal a, #pst-primary-sidebar a", has_text="04 · Recurrent").first.click()
    page.wait_for_url("**/04_rnn.html")
