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
from conftest import ROOT

from utils.course.web import glossary, packages
from utils.exercises.quizzes import questions

pytestmark = [needs_browser, pytest.mark.first(180)]

MEGABYTES = 60  # of the whole site
CHAPTER_MEGABYTES = 3  # of a chapter: its page and its figures
WIDTHS = {"desktop": 1280, "phone": 390}
THEMES = ("light", "dark")
FORMULAS = ("02_core_concepts", "04_rnn", "05_attention", "09_patient_records")
LINK = re.compile(r'<(?:a|img|link|script)\s[^>]*?(?:href|src)="([^"]*)"')
NAME = re.compile(r'\s(?:id|name)="([^"]+)"')

STILL = "document.head.insertAdjacentHTML('beforeend', '<style>* {transition: none !important}</style>')"
# Thousands of words of code in a handful of colours, hundreds of paragraphs: of what is alike, a few are looked at.
FEW = """() => {
  const few = 3, seen = {}, whole = "a, button, label, mjx-container, summary, svg", needed = "dd, dt, td, th";
  const kind = (part) => {
    let path = part.getAttributeNames().join() + part.getAttribute("style");
    for (let at = part; at && at.localName !== "main"; at = at.parentElement) {
      path += ` ${at.localName}.${at.getAttribute("class")}`;
    }
    return path;
  };
  for (const drawing of document.querySelectorAll("mjx-container svg")) drawing.replaceChildren();  // MathML says it
  for (const part of [...document.querySelectorAll("main *")].reverse()) {
    if (part.parentElement.closest(whole) || part.matches(needed)) continue;
    if (part.childElementCount && !part.matches(whole)) continue;
    const name = kind(part);
    seen[name] = (seen[name] || 0) + 1;
    if (seen[name] > few) part.remove();
  }
}"""
LOOK = """async ([theme, rules]) => {
  document.documentElement.dataset.theme = document.documentElement.dataset.mode = theme;
  const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, ...only});
  return found.violations.filter(({impact}) => ["serious", "critical"].includes(impact)).map(
    ({id, nodes}) => `${id}: ${nodes.length} times, first ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`);
}"""
COLOURS = ["color-contrast"]  # what the theme changes
FORMULAS_DRAWN = """() => ({
  raw: document.querySelectorAll(".math:not(:has(mjx-container))").length,
  drawn: document.querySelectorAll("mjx-container svg").length,
  silent: document.querySelectorAll("mjx-container:not(:has(mjx-assistive-mml math))").length,
  wrong: document.querySelectorAll("mjx-merror, [data-mjx-error]").length,
})"""


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
    formulas: dict[str, int]  # not drawn, drawn, without a form for screen readers, wrong


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
        formulas = page.evaluate(FORMULAS_DRAWN)
        page.evaluate(axe)
        page.evaluate(STILL)
        page.evaluate(FEW)
        problems, wide = {}, []
        for window, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(350 if window == "phone" else 0)  # the theme looks a while later what can be scrolled
            if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
                wide.append(window)
            for theme in THEMES:
                problems[f"{window}, {theme}"] = page.evaluate(LOOK, [theme, None if theme == "light" else COLOURS])
        name = path.relative_to(site).as_posix()
        visits.append(Seen(name, list(watch.errors), list(watch.outside), problems, wide, formulas))
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


def test_formulas_are_drawn_and_can_be_heard(seen):
    for visit in seen:
        assert (visit.formulas["raw"], visit.formulas["silent"], visit.formulas["wrong"]) == (0, 0, 0), visit.page
        if visit.page.removeprefix("chapters/").removesuffix(".html") in FORMULAS:
            assert visit.formulas["drawn"] > 10


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


def test_a_quiz_answers_right_and_wrong(visit):
    page = visit("chapters/01_background")
    asked = {item["type"]: (place, item) for place, item in enumerate(questions(1), 1)}
    assert set(asked) == {"multiple_choice", "many_choice", "numeric"}
    for place, item in asked.values():
        form = page.locator(f"#quiz-01-{place}")
        says = form.locator(".quiz-says")
        assert says.get_attribute("role") == "status"
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


def test_hints_and_a_solution_unfold(visit):
    page = visit("chapters/00_start_here")
    for title, shown in (("Hint 1 for exercise 0.1", "p"), ("One solution of exercise 0.1", "pre")):
        fold = page.locator("details", has=page.locator("summary", has_text=title))
        assert not fold.locator(shown).first.is_visible()
        fold.locator("summary").click()
        assert fold.locator(shown).first.is_visible()


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
    page = visit("chapters/00_start_here")
    code, button = page.locator("div.cell_input pre"), page.locator("div.cell_input button.copybtn")
    assert button.count() == code.count() > 10
    page.evaluate("() => document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    code.first.hover()
    button.first.click()
    assert page.evaluate("() => window.copied").strip() == code.first.inner_text().strip()


def test_a_reader_walks_from_chapter_to_chapter(visit):
    page = visit("chapters/00_start_here")
    page.locator("a.right-next").click()
    page.wait_for_url("**/01_background.html")
    page.locator("a.left-prev").click()
    page.wait_for_url("**/00_start_here.html")
    contents = page.locator(".section-nav a", has_text="Real tissue").first
    contents.click()
    assert "#" in page.url


def test_a_chapter_downloads(visit):
    page = visit("chapters/00_start_here")
    assert page.locator("p.launch a").all_inner_texts()[:2] == ["Download the notebook", "JupyterLab"]
    with page.expect_download() as download:
        page.locator("a", has_text="Download the notebook").click()
    notebook = nbformat.read(download.value.path(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")


def test_on_a_phone_the_menu_opens(visit):
    page = visit("chapters/00_start_here", width=WIDTHS["phone"])
    page.locator("button.primary-toggle").click()
    page.locator("#pst-primary-sidebar-modal a, #pst-primary-sidebar a", has_text="01 · Background").first.click()
    page.wait_for_url("**/01_background.html")
