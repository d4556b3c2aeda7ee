"""What takes the place of a catalogue entry for a reader's own file."""

from collections.abc import Sequence
from pathlib import Path

from utils.datasets.catalogue import Entry


def entry(
    path: Path,
    kind: str,
    task: str,
    class_names: tuple[str, ...] = (),
    notes: Sequence[str] = (),
    split: str = "by group",
) -> Entry:
    """The entry of an own file or folder: its name without the suffix, and nothing that only its owner can know.

    notes: what was assumed to read it and what was left out, one sentence each.
    """
    return Entry(
        name=path.stem,
        title=f"Your own {kind}, {path.name}",
        task=task,
        kind=kind,
        embedded=False,
        files=(),
        sources=(),
        licence="as the owner of the data says",
        licence_certainty="not stated",
        citation="",
        consent="",
        split=split,
        card="",
        class_names=class_names,
        notes=tuple(notes),
    )
