"""The data cards as pages, and the table of all datasets that leads to them."""

from collections.abc import Iterator

from utils.datasets.catalogue import catalogue
from utils.paths import root

HEAD = """# Data

The datasets of the course. Each has a card: where the data come from, how labels were made, who is missing from them,
and what they must not be used for.

| Dataset | Task | Kind | Where | Licence |
|---|---|---|---|---|
"""
TAIL = """
Your own data run through the course as well: [how they must look](YOUR_OWN.md).

```{toctree}
:hidden:
:glob:

YOUR_OWN
cards/*
```
"""


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of each card, and of the table."""
    rows = []
    for name, entry in catalogue().items():
        where = "in the course" if entry.embedded else f"fetched: {entry.size / 1e6:,.0f} MB"
        rows.append(f"| [`{name}`]({entry.card}) | {entry.title} | {entry.kind} | {where} | {entry.licence} |\n")
    yield "data/index.md", HEAD + "".join(rows) + TAIL
    for card in dict.fromkeys(entry.card for entry in catalogue().values()):
        yield f"data/{card}", (root() / "data" / card).read_text(encoding="utf-8")
