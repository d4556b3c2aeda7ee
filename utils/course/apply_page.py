"""``report.html`` of ``course apply``: what the executed notebook shows, without its code, on one page for a colleague.

nbconvert makes the text and tables; the page around them needs nothing else, no network and no script. A heading tagged
``only-with-output`` is left out where nothing is below it.
"""

import itertools
from pathlib import Path
from string import Template

import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from utils.course import html_export
from utils.course.report_page import escape, framed
from utils.course.results import ChapterResult

LOOK = """\
body { max-width: 52rem; }
h3 { margin: 2rem 0 .5rem; font-size: 1rem; }
pre { overflow-x: auto; padding: .75rem .9rem; background: var(--shade); font-size: .85rem; line-height: 1.45; }
img { max-width: 100%; background: #ffffff; }
.output_area { overflow-x: auto; margin: .75rem 0; }
table { width: auto; font-size: .9rem; }
.anchor-link { display: none; }
code { background: var(--shade); }
"""
BODY = Template("""\
<p class="eyebrow">Deep Learning in Medicine: a study made by <code>course apply</code></p>
$error
$body
<footer>The notebook with the code: <a href="$notebook">$notebook</a>.
For machines: <a href="report.json">report.json</a>.</footer>
""")


def page(notebook: Path, result: ChapterResult) -> str:
    """The page of an executed notebook, as text; when it failed or was stopped, with what there is and the reason."""
    executed = nbformat.read(notebook, as_version=4)
    executed.cells = [cell for cell in executed.cells if cell.cell_type != "raw"]
    for cell in executed.cells:
        if cell.cell_type == "code":  # how far a training got is of no interest to a colleague, nor a traceback
            cell.outputs = [output for output in cell.outputs if _is_lasting(output)]
    executed.cells = [cell for place, cell in enumerate(executed.cells) if _has_its_say(executed.cells, place)]
    # The template "basic" is the body alone; the others load scripts from the network.
    exporter = HTMLExporter(
        template_name="basic", exclude_input=True, exclude_output_prompt=True, config=Config(html_export.options())
    )
    body, _ = exporter.from_notebook_node(executed)
    error = ""
    if result.error:
        error = f'<p class="error">The study ended early: {escape(result.error)}</p>'
    title = executed.metadata.get("course", {}).get("title", result.name)
    body = BODY.substitute(error=error, body=body, notebook=escape(notebook.name))
    return framed(escape(title), body, LOOK + html_export.LOOK)


def _has_its_say(cells: list[nbformat.NotebookNode], place: int) -> bool:
    """False for text tagged ``only-with-output`` when the code below it, up to the next text, shows nothing."""
    if "only-with-output" not in cells[place].metadata.get("tags", []):
        return True
    below = itertools.takewhile(lambda cell: cell.cell_type == "code", cells[place + 1 :])
    return any(cell.outputs for cell in below)


def _is_lasting(output: nbformat.NotebookNode) -> bool:
    if output.output_type in ("error",) or output.get("name") == "stderr":
        return False
    text = output.get("data", {}).get("text/plain", "")
    return not (set(output.get("data", {})) == {"text/plain"} and text.startswith("epoch "))
