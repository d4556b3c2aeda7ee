"""Notebooks as HTML that shows its formulas without a network.

nbconvert leaves formulas to MathJax, which its pages load from an address, as they do a loader of scripts that nothing
in our chapters needs. ``options`` is what its exporters are given instead. ``environment`` gives it to every nbconvert
below a JupyterLab: File → Save and Export Notebook As → HTML, and ``jupyter nbconvert`` in a terminal.
"""

import json
import os
from pathlib import Path

from utils.course.notebooks import write_atomically

LOOK = """\
math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", "Libertinus Math", "DejaVu Math TeX Gyre",
  math; }
math[display="block"] { margin: 1em 0; overflow-x: auto; overflow-y: hidden; }
"""  # without one of these fonts, brackets do not grow with what they hold
TEMPLATES = "nbconvert"  # the folder of what stands in for nbconvert's templates
SETTINGS = "jupyter"  # the folder of settings for all that belongs to Jupyter
IN_PLACE_OF_MATHJAX = "{%- macro mathjax(url) -%}<style>\n" + LOOK + "</style>{%- endmacro %}\n"


def options(templates: Path | None = None) -> dict:
    """What nbconvert's HTMLExporter, and those that are made from it, are to be configured with.

    templates: the folder that ``environment`` fills, for pages that are not the bare body alone.
    """
    bare = {
        "filters": {
            "markdown2html": "utils.course.formulas.markdown_to_html",
            "clean_html": "utils.course.html_clean.clean_html",
        },
        "preprocessors": ["utils.course.formulas.Outputs"],
    }
    if not templates:
        return {"HTMLExporter": bare}
    without = {"extra_template_basedirs": [str(templates), "."], "require_js_url": "data:text/javascript,"}
    return {"HTMLExporter": bare | without}


def environment(folder: Path) -> dict[str, str]:
    """The environment variables with which JupyterLab, and nbconvert below it, export formulas as MathML.

    folder: where the settings that they name are written. Raises CourseError when that is not possible.
    """
    templates, settings = folder / TEMPLATES, folder / SETTINGS
    write_atomically(templates / "base" / "mathjax.html.j2", IN_PLACE_OF_MATHJAX)
    write_atomically(settings / "jupyter_config.json", json.dumps(options(templates), indent=1))
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    return {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, [str(settings), others]))}
