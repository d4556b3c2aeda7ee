"""What the doctor finds, and the commands that fix it, as they are typed on this system and from this folder."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from utils.paths import root

LOCK = "requirements.lock"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
    ok : bool
        False when something needs fixing.
    found : str
        What is there, in words.
    fix : str or None
        The command, or the words, that fix it; None when nothing needs fixing.
    """

    name: str
    ok: bool
    found: str
    fix: str | None = None


def reinstall() -> str:
    """The command that installs the locked packages anew."""
    python, lock = shlex.quote(sys.executable), shlex.quote(str(root() / LOCK))
    return f"{python} -m uv pip install --reinstall --require-hashes -r {lock}"


def make(targets: str) -> str:
    """The command that sets the course up (again), from wherever it is typed."""
    if os.name == "nt":
        return "delete the folder .venv and set up again, as README says under Windows"
    folder = "" if Path.cwd() == root() else f"-C {shlex.quote(str(root()))} "
    return f"make {folder}{targets}"
