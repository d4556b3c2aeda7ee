"""Sphinx's settings for the printed book: those of the web edition, on one plain page that a browser prints."""

import os
import runpy
from pathlib import Path

HERE = Path(__file__).parent

web = runpy.run_path(str(HERE.parent / "conf.py"))
globals().update({name: value for name, value in web.items() if name not in globals()})

extensions = [name for name in web["extensions"] if name not in ("sphinx_copybutton", "sphinx_design")]
html_theme = "basic"
html_theme_options = {"nosidebar": True}
html_sidebars = {}
html_permalinks = False
html_static_path = [str(HERE / "static"), os.environ["SITE_STATIC"]]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
templates_path = []
pygments_style = "a11y-high-contrast-light"
