"""What all of a reader's own files have in common: a look at the size before the content, and refusals in one sentence.

Each says where in the file, what was expected, and what was found.
"""

import contextlib
import difflib
import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from utils.errors import CourseError

LIMIT = 2_000_000_000  # bytes, of a file and of what a file unpacks to
WIDEST = 1_000_000  # letters of a line that are looked at together
LONGEST_MESSAGE = 280  # characters: what `course run` shows of an error


def refusal(path: Path, where: str, problem: str) -> CourseError:
    """The error for one place in one file, no longer than what a report shows of it."""
    text = f"{brief(path.name, 60)}{', ' + where if where else ''}: {problem}"
    return CourseError(text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…")


def brief(text: object, most: int = 40) -> str:
    """The text on one line, cut when it is long."""
    line = str(text)[: most + 1]
    line = line if line.isprintable() else line.encode("unicode_escape").decode()
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(names: Collection[object], most: int = 6) -> str:
    """``a, b, c and 4 more``."""
    shown = [brief(name, 24) for name in list(names)[:most]]
    more = len(names) - len(shown)
    return (", ".join(shown) or "nothing") + (f" and {more:,} more" if more > 0 else "")


def plain(name: str) -> str:
    """The name of a column in small letters with ``_`` between its words: "MoleculeID" and "molecule id" are alike."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", words).strip("_").casefold()


def full(path: str | os.PathLike) -> Path:
    """The absolute path, ``~`` as the home folder where there is one."""
    path = Path(path)
    with contextlib.suppress(RuntimeError):  # ~nobody
        path = path.expanduser()
    return Path(os.path.abspath(path))  # noqa: PTH100, since Path.absolute keeps "..", and resolve follows links


def exists(path: Path) -> bool:
    """Whether something is there; False too where the system will not say, as for a name that is too long."""
    try:
        return path.exists()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False too where the system will not say."""
    return exists(path) and path.is_dir()


def present(path: Path, suffixes: Sequence[str], limit: int = LIMIT, advice: str = "") -> Path:
    """The path, when a file of this kind is there and is neither empty nor too large; nothing is read for that.

    suffixes: those that a file of this kind may have, the usual one first. limit: bytes. advice: what to do
    with a file that has more.
    """
    suffix = suffixes[0]
    if not exists(path):
        raise absent(path)
    if path.is_dir():
        raise refusal(path, "", f"expected a {suffix} file, found a folder; name the file in it.")
    if not path.is_file():
        raise refusal(path, "", f"expected a {suffix} file, found something that is not a file.")
    if not path.name.lower().endswith(tuple(suffixes)):
        advice = "; save the table as 'CSV UTF-8'" if suffix == ".csv" else ""
        raise refusal(path, "", f"expected a {suffix} file, found {ending(path)}{advice}.")
    size = path.stat().st_size
    if size == 0:
        raise refusal(path, "", f"expected a {suffix} file with data, found an empty file.")
    if size > limit:
        raise refusal(
            path, "", f"expected {limit / 1e9:g} GB at the most, found {size / 1e9:,.1f} GB; nothing was read{advice}."
        )
    return path


def unreadable(path: Path, error: OSError) -> CourseError:
    """The error for a file that the system will not hand over."""
    return refusal(path, "", f"expected a file that can be read, found one that cannot ({error.strerror or error}).")


def ending(path: Path) -> str:
    """The end of a name, in words."""
    return f"a name that ends in {brief(path.suffix)}" if path.suffix else "a name without an ending"


def absent(path: Path) -> CourseError:
    """The error for a path where nothing is, with the names that come close."""
    folder, name = path.parent, brief(path.name, 60)
    shown = str(folder) if len(str(folder)) <= 60 else "…" + str(folder)[-59:]
    try:
        others = [other.name for other in folder.iterdir()]
    except OSError:
        return CourseError(f"There is no folder {shown} that can be read, where {name} was expected.")
    close = difflib.get_close_matches(path.name, others, n=3)
    advice = f"did you mean {' or '.join(brief(other, 40) for other in close)}?" if close else "look at its name."
    return CourseError(f"There is no {name} in the folder {shown}; {advice}")
