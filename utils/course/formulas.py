"""Formulas in LaTeX as MathML, which browsers draw by themselves, and the parts of nbconvert that are to make them so.

``utils.course.html_export`` puts those into nbconvert's place for them.
"""

from xml.etree import ElementTree

from jinja2 import pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from utils.course.report_page import escape

MATHML = "http://www.w3.org/1998/Math/MathML"
ROWS = {f"{{{MATHML}}}{name}" for name in ("math", "mrow", "msqrt", "mtd")}  # what lies in them lies side by side
SCRIPTS = {f"{{{MATHML}}}{name}" for name in ("msub", "msup", "msubsup", "munder")}
IDENTIFIER, OPERATOR, ROW, SPACE = (f"{{{MATHML}}}{name}" for name in ("mi", "mo", "mrow", "mspace"))
THIN = "0.167em"
SHOWN = ("alt", "width", "height")  # of what an output says of its picture

ElementTree.register_namespace("", MATHML)


def mathml(formula: str, display: str = "inline") -> str:
    """A formula in LaTeX as MathML. What cannot be read as LaTeX is shown as it was typed, as code.

    display: ``inline`` within a line, or ``block`` on lines of its own.
    """
    try:
        tree = ElementTree.fromstring(convert(formula.strip(), display=display))
        if "\\" in "".join(tree.itertext()):
            raise ValueError("a command that is not known")
    except Exception:  # the package has no error of its own above all that it raises
        return f"<code>{escape(formula)}</code>"
    _space(tree)
    return ElementTree.tostring(tree, encoding="unicode")


def _space(tree: ElementTree.Element) -> None:
    """Set the spaces that TeX sets: thin ones between a function's name and what is beside it, none around a slash."""
    for element in tree.iter(OPERATOR):
        if (element.text or "").isalpha():  # max, min: functions like the others
            element.tag, element.attrib = IDENTIFIER, {}
        elif element.text == "/":
            element.attrib.update(lspace="0", rspace="0")
    for row in [element for element in tree.iter() if element.tag in ROWS]:
        before, spaced = None, []
        for element in row:
            if before is not None and _apart(before, element):
                spaced.append(ElementTree.Element(SPACE, width=THIN))
            spaced.append(element)
            before = element
        row[:] = spaced


def _apart(before: ElementTree.Element, after: ElementTree.Element) -> bool:
    """Whether one of two neighbours is a function's name, and the other no operator, bracket or space."""
    if not (_is_function(before) or _is_function(after)):
        return False
    while after.tag == ROW and len(after):  # a bracket that grows stands first in a row of its own
        after = after[0]
    return not {before.tag, after.tag} & {OPERATOR, SPACE}


def _is_function(element: ElementTree.Element) -> bool:
    name = element[0] if element.tag in SCRIPTS else element
    return name.tag == IDENTIFIER and len(name.text or "") > 1 and "mathvariant" not in name.attrib


class Renderer(IPythonRenderer):
    """nbconvert's, with formulas as MathML. The names of its methods are those of the kinds of formula."""

    def block_math(self, body: str) -> str:
        """A formula on lines of its own."""
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        """A formula within a line."""
        return mathml(body)

    def latex_environment(self, name: str, body: str) -> str:
        """A formula between ``\\begin`` and ``\\end``."""
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")


@pass_context
def markdown_to_html(context: Context, source: str) -> str:
    """nbconvert's filter ``markdown2html``, with formulas as MathML."""
    metadata = context.get("resources", {}).get("metadata", {})
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = Renderer(escape=False, attachments=attachments, path=metadata.get("path", ""))
    return MarkdownWithMath(renderer=renderer).render(source)


class Outputs(Preprocessor):
    """Outputs that the page would show worse than JupyterLab: formulas unread, pictures without their description."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        """The cell with a formula as Markdown, for the filter above, and a picture as HTML with its description."""
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                continue
            if "text/latex" in data:
                data["text/markdown"] = data.pop("text/latex")
            described = output.get("metadata", {}).get("image/png", {})
            if "image/png" in data and "alt" in described:
                words = "".join(f' {name}="{escape(value)}"' for name, value in described.items() if name in SHOWN)
                data["text/html"] = f'<img src="data:image/png;base64,{data["image/png"].strip()}"{words}>'
        return cell, resources
