"""How a verdict is shown: a line that begins with its mark, a bar in the mark's colour, and a record for the tools."""

import html

from IPython.display import display

COLOURS = {"✓": "#009e73", "✗": "#d55e00", "○": "#767676"}


def show(text: str, mime: str, record: dict) -> None:
    """Display a text that begins with ✓, ✗ or ○, and store the record in the output under its MIME type."""
    lines = html.escape(text).replace("\n", "<br>")
    rich = f'<div style="border-left: 4px solid {COLOURS[text[0]]}; padding: 2px 10px; margin: 4px 0">{lines}</div>'
    display({"text/plain": text, "text/html": rich, mime: record}, raw=True)
