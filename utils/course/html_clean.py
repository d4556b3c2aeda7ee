"""What JupyterLab's export means by "Sanitize HTML output", which is ticked there: the page without what could run.

nbconvert's own filter of this name knows so few elements that it shows the tags of paragraphs and headings as text.
"""

import re

from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from bleach.sanitizer import ALLOWED_TAGS, Cleaner

TEXT = (
    "p br hr h1 h2 h3 h4 h5 h6 div span pre code kbd samp var sub sup s del ins mark small u q cite dl dt dd img "
    "details summary figure figcaption table caption colgroup col thead tbody tfoot tr th td"
)
MATHML = (
    "math mi mn mo ms mtext mspace mrow mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup msubsup munder "
    "mover munderover mmultiscripts mprescripts mtable mtr mtd"
)
PLAIN = {
    "class",
    "id",
    "title",
    "lang",
    "dir",
    "style",
    "alt",
    "width",
    "height",
    "colspan",
    "rowspan",
    "scope",
    "open",
}
OF_FORMULAS = {
    "display",
    "mathvariant",
    "stretchy",
    "fence",
    "form",
    "separator",
    "minsize",
    "maxsize",
    "lspace",
    "rspace",
}
OF_FORMULAS |= {"linethickness", "accent", "accentunder", "movablelimits", "displaystyle", "scriptlevel", "columnalign"}
STYLES = {"margin", "padding", "border", "border-left", "border-radius", "background", "max-width", "overflow-wrap"}
LEADING = re.compile(r"(https?:|mailto:|#|[\w./-]+$)", re.I)  # a link may lead there
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);", re.I)  # carried by the page itself
UNSHOWN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.S | re.I)  # of other elements the text stays


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and bool(LEADING.match(value))
    if name == "src":
        return tag == "img" and bool(PICTURE.match(value) or LEADING.match(value))
    return name in PLAIN or name in OF_FORMULAS


CLEANER = Cleaner(
    tags={*ALLOWED_TAGS, *TEXT.split(), *MATHML.split()},
    attributes=_allowed,
    protocols={"http", "https", "mailto", "data"},
    strip=True,
    css_sanitizer=CSSSanitizer(allowed_css_properties={*ALLOWED_CSS_PROPERTIES, *STYLES}),
)


def clean_html(element: str | bytes) -> str:
    """HTML without scripts, forms, frames and styles of the whole page; text, tables, pictures and formulas stay."""
    text = element.decode() if isinstance(element, bytes) else str(element)
    return CLEANER.clean(UNSHOWN.sub("", text))
