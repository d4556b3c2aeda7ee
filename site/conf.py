"""Sphinx's settings for the web edition. `course site` stages the pages and calls Sphinx with this folder."""

import os
from pathlib import Path

HERE = Path(__file__).parent

project = "Deep Learning in Medicine"
author = "The authors of Deep Learning in Medicine"
release = version = os.environ["SITE_VERSION"]

language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "utils.course.web.extension",
]
root_doc = "index"
templates_path = [str(HERE / "templates")]
html_static_path = [str(HERE / "static"), os.environ["SITE_STATIC"]]
nitpicky = False

# Notebooks, with what is stored in them.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # it would be fetched from elsewhere; the pages show what a slider showed first
nb_mime_priority_overrides = [
    ("*", "application/vnd.course.claim+json", None),  # shown as the HTML beside it
    ("*", "application/vnd.course.exercise+json", None),
]
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "html_image",
]
myst_heading_anchors = 4
myst_links_external_new_tab = False
suppress_warnings = [
    "mystnb.unknown_mime_type",  # of outputs that have a form for readers as well
    "ref.python",  # a type of a name that two modules have: the signature shows its name, without a link
]

# The reference.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_inherit_docstrings = False
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
add_module_names = False
toc_object_entries = False  # "on this page" lists the modules
html_domain_indices = False
html_show_search_summary = False  # it would be fetched, which browsers refuse for pages on a disk

# Formulas: MathJax, which lies beside the pages; its settings are in utils/course/web/extension.py.
mathjax_path = "mathjax/tex-svg.js"
mathjax_options = {"defer": "defer"}
myst_update_mathjax = False

highlight_language = "none"  # of code without a language; that of cells is known

html_theme = "pydata_sphinx_theme"
html_title = project
html_show_sourcelink = False
html_copy_source = False
html_last_updated_fmt = None
html_favicon = str(HERE / "static" / "favicon.svg")
html_css_files = ["course.css"]
html_js_files = [("quiz.js", {"defer": "defer"}), ("page.js", {"defer": "defer"})]
html_sidebars = dict.fromkeys(  # pages with none below or beside them
    ["index", "search", "genindex", "chapters/glossary", "bench/README", "TEACHING", "bibliography", "C*"], []
)
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": project},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["licence"],
    "footer_end": [],
    "search_bar_text": "Search the course ...",
    "back_to_top_button": True,
    "search_as_you_type": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_selector = ", ".join(
    f"{place} pre"
    for place in ("div.cell_input div.highlight", "div.highlight-none:not(.output)", "div.highlight-bash", "details")
)
