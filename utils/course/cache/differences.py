"""What differs between two runs of a chapter, in words, by the names of the parts that they depend on."""

from collections.abc import Sequence

SHOWN = 3
HASH = "sha256:"


def differences(
    cells: Sequence[tuple[str, str]], parts: dict[str, str], old_cells: Sequence[Sequence[str]], old_parts: dict
) -> list[str]:
    """A clause for each code cell and each part that is not what it was: ``utils/nn/training.py has changed``."""
    return [*_cells(cells, old_cells), *_parts(parts, old_parts)]


def together(clauses: Sequence[str]) -> str:
    """``a, b, c and 4 more``; ``a and b``."""
    shown, rest = list(clauses[:SHOWN]), len(clauses) - SHOWN
    last = f"{rest} more" if rest > 0 else shown.pop() if len(shown) > 1 else ""
    return ", ".join(shown) + (f" and {last}" if last else "")


def _cells(now: Sequence[tuple[str, str]], before: Sequence[Sequence[str]]) -> list[str]:
    """Cells are the same when their ids are, wherever they are; a cell that only moved is not named."""
    new, old = {_identity(name): (name, content) for name, content in now}, {}
    for name, content in before:
        old[_identity(name)] = (name, content)
    clauses = [
        f"{name} has changed" if key in old else f"{name} is new"
        for key, (name, content) in new.items()
        if key not in old or old[key][1] != content
    ]
    clauses += [f"{name} is gone" for key, (name, _) in old.items() if key not in new]
    if not clauses and [content for _, content in now] != [content for _, content in before]:
        clauses = ["the code cells are in another order"]
    return clauses


def _identity(name: str) -> str:
    """The id in ``code cell 7 (train-network)``; the whole name of a cell without one."""
    identifier = name.partition(" (")[2].rstrip(")")
    return name if identifier in ("", "no id") else identifier


def _parts(now: dict[str, str], before: dict[str, str]) -> list[str]:
    clauses = []
    for name, value in now.items():
        if before.get(name) != value:
            clauses.append(_clause(name, value, before.get(name)))
    return clauses + [_clause(name, None, value) for name, value in before.items() if name not in now]


def _clause(name: str, new: str | None, old: str | None) -> str:
    if new and old and (new.startswith(HASH) or old.startswith(HASH)):
        return f"{name} has changed"
    if new is None:
        return f"{name} is no longer used"
    if old is None:
        return f"{name} is used now"
    return f"{name} {new} instead of {old}"
