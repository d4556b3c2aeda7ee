import re

import nbformat
import pytest
from conftest import CHAPTERS, OWN, read
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from utils.course import apply_page, formulas, html_clean, html_export
from utils.course.results import ChapterResult

FORMULA = new_markdown_cell(r"Let $a_i$ be known. Then" + "\n\n" + r"$$-\sum_i p_i \log q_i$$")
LOADED = re.compile(
    r"""(?:<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref=|@import\s|url\()["']?(?!["']?data:)[^"' )]+"""
)


def exported(notebook, **settings):
    """A notebook's page by nbconvert, with the settings that ``course lab`` gives it."""
    config = Config(html_export.options(**settings))
    return HTMLExporter(config=config).from_notebook_node(notebook)[0]


@pytest.fixture
def templates(tmp_path):
    html_export.environment(tmp_path)
    return tmp_path / html_export.TEMPLATES


def test_every_formula_of_the_course_becomes_mathml(monkeypatch):
    made = []

    def watched(formula, display="inline"):
        made.append((formula, unwatched(formula, display)))
        return made[-1][1]

    unwatched = formulas.mathml
    monkeypatch.setattr(formulas, "mathml", watched)
    for path in [*CHAPTERS, *OWN]:
        for cell in read(path).cells:
            if cell.cell_type == "markdown":
                text = formulas.markdown_to_html(Context(cell=cell), cell.source)
                shown = re.sub(r"<code>.*?</code>|<pre>.*?</pre>|<[^>]+>", "", text, flags=re.S)
                assert not re.search(r"\$|\\[a-z]", shown), (path.stem, cell.id)
    assert len(made) > 200
    for formula, text in made:
        assert text.startswith("<math "), formula
        assert "\\" not in text, formula


class Context(dict):
    """What nbconvert hands to a filter: names and values."""


@pytest.mark.parametrize(
    ("formula", "spaced"),
    [
        (r"q \log q", "<mi>q</mi>_<mi>log</mi>_<mi>q</mi>"),
        (r"f \cdot \log_2 x", "</msub>_<mi>x</mi>"),
        (r"\log_2 x", "<math><mrow><msub><mi>log</mi><mn>2</mn></msub>_<mi>x</mi></mrow></math>"),
        (r"\tanh(x)", "<mi>tanh</mi><mo>("),
        (r"\tanh\left(x\right)", "<mi>tanh</mi><mrow><mo>("),
        (r"-\log q", "</mo><mi>log</mi>_<mi>q</mi>"),
        (r"\max(0, x)", "<mi>max</mi><mo>("),
        (r"\log\,q", "<mi>log</mi>_<mi>q</mi>"),
        (r"a b", "<mi>a</mi><mi>b</mi>"),
    ],
)
def test_a_functions_name_is_set_apart_as_tex_does(formula, spaced):
    text = re.sub(r"<mspace[^>]*>", "_", formulas.mathml(formula))
    assert spaced in re.sub(r"(<\w+) [^>]*>", r"\1>", text)


@pytest.mark.parametrize("formula", [r"\unheardof{x}", r"a & b", r"\frac", r"x^", r"\left( x"])
def test_what_is_no_formula_is_shown_as_it_was_typed(formula):
    assert formulas.mathml(formula) == f"<code>{formula.replace('&', '&amp;')}</code>"


def test_a_chapters_page_loads_nothing_and_has_its_formulas_and_the_words_for_its_figures(templates):
    chapter = read(next(path for path in CHAPTERS if path.stem.startswith("04")))
    page = exported(chapter, templates=templates)
    assert not LOADED.findall(page)
    assert "text/x-mathjax-config" not in page
    assert page.count("<math ") > 30
    assert 'font-family: "Latin Modern Math"' in page
    figures = re.findall(r"<img [^>]*?>", page)
    assert figures
    assert all(re.search(r'alt="[^"]{20}', re.sub(r'src="[^"]*"', "", figure)) for figure in figures)
    assert "No description has been provided" not in page


def test_a_page_without_what_could_run_still_has_its_text_tables_figures_and_formulas(templates):
    """What JupyterLab's dialogue proposes; nbconvert's own way shows the tags of paragraphs as text."""
    chapter = read(next(path for path in CHAPTERS if path.stem.startswith("04")))
    exporter = HTMLExporter(config=Config(html_export.options(templates)), sanitize_html=True)
    page = exporter.from_notebook_node(chapter)[0]
    assert not LOADED.findall(page)
    assert "&lt;" not in re.sub(r"<pre>.*?</pre>|<code>.*?</code>|<math .*?</math>", "", page, flags=re.S)
    assert page.count("<math ") > 30
    assert len(re.findall('<img [^>]*src="data:image/png', page)) > 5
    assert "border-left: 4px solid" in page
    assert not re.search("<script[^>]*>[^<]*quiz", page)


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<p>a<script>b()</script></p>", "<p>a</p>"),
        ("<style scoped>p { color: red }</style><b>c</b>", "<b>c</b>"),
        ('<img src="x.png" onerror="b()" alt="c">', '<img src="x.png" alt="c">'),
        ('<a href="javascript:b()">c</a>', "<a>c</a>"),
        ('<a href=" java&#10;script:b()">c</a>', "<a>c</a>"),
        ('<a href="data:text/html,b">c</a>', "<a>c</a>"),
        ('<a href="#part">c</a> <a href="01_background.ipynb">d</a>', None),
        ('<img src="data:text/html,b">', "<img>"),
        (
            '<p style="border-left: 4px solid red; position: fixed">c</p>',
            '<p style="border-left: 4px solid red;">c</p>',
        ),
        ('<iframe src="https://a.b"></iframe><form><input></form>c', "c"),
        ('<math><mi href="javascript:b()">x</mi></math>', "<math><mi>x</mi></math>"),
        ("<math><mtext><style><img src=x onerror=b()></style></mtext></math>", "<math><mtext></mtext></math>"),
    ],
)
def test_what_could_run_is_taken_out(html, cleaned):
    assert html_clean.clean_html(html).strip() == (cleaned or html)


def test_a_formula_among_the_outputs_is_drawn(templates):
    output = new_output("display_data", {"text/latex": r"$\displaystyle \frac{1}{n}$", "text/plain": "<Math object>"})
    page = exported(new_notebook(cells=[new_code_cell("Math(…)", outputs=[output])]), templates=templates)
    assert "<mfrac>" in page


def test_what_the_user_has_set_for_jupyter_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    assert html_export.environment(tmp_path)["JUPYTER_CONFIG_PATH"].endswith("mine")


def test_the_page_of_a_study_has_its_formulas(tmp_path):
    path = tmp_path / "study.ipynb"
    nbformat.write(new_notebook(cells=[FORMULA]), path)
    page = apply_page.page(path, ChapterResult("study", "ok"))
    assert page.count("<math ") == 2
    assert "$" not in page
    assert html_export.LOOK in page
    assert not LOADED.findall(page)
