"""What a kernel has read, as ``course_start.trace_reads`` writes it down, and which of it a result could depend on."""

import contextlib
import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable
from importlib.util import source_from_cache
from pathlib import Path

from utils import paths
from utils.course.environment import PACKAGE_PARENT

TRACE = "reads"  # the name of the file in a kernel's own folder
VARIABLE = "COURSE_READS"
SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/snap", "/sys", "/usr", "/var/lib")
SYSTEM += ("/var/cache", "/Library", "/System", "C:\\Windows", "C:\\Program Files", "C:\\ProgramData")
SETTINGS = ("APPDATA", "LOCALAPPDATA")  # name folders of settings on Windows
# The list of exercises is made from the text of all their modules; see ``exercise_files``, which sees to it.
LISTED = re.compile(r"ch\d\d_\w+\.py")


def traced(trace: Path) -> frozenset[str] | None:
    """The absolute paths of the files that a kernel has read; None where it has not written them all down.

    A module counts as its source, whether that was read or what Python keeps of it.
    """
    try:
        lines = trace.read_bytes().split(b"\0")
    except OSError:
        return None
    if lines.pop():  # the last one was cut short
        return None
    found, written = set(), set()
    for path in map(os.fsdecode, lines):
        if path.startswith("*"):
            written.add(path[1:])
        elif path.endswith(".pyc"):
            with contextlib.suppress(ValueError, NotImplementedError):  # not where Python keeps them
                source = source_from_cache(path)
                found |= {source} - written
        elif not _is_listed(Path(path)):
            found.add(path)
    return frozenset(found)


def _is_listed(path: Path) -> bool:
    """Whether the text of a file counts as part of the list of exercises, and its name as one entry of sys.path."""
    listed = path.parent == PACKAGE_PARENT / "utils" / "exercises" and LISTED.fullmatch(path.name)
    return bool(listed) or path.name.startswith("__editable__")  # looked for in vain: where setuptools finds a package


def counted(reads: Iterable[str]) -> list[str]:
    """Those files that results could depend on, sorted: of the course, of its data, or of the reader.

    Python, its packages, the system and settings are not; the folder that is nearest to a file decides.
    """
    places = _places()

    def counts(path: str) -> bool:
        near = [place for place in places if os.path.normcase(path).startswith(place)]
        return not near or places[max(near, key=len)]

    return sorted(path for path in reads if counts(path) and not Path(path).is_dir())


def _places() -> dict[str, bool]:
    """The beginning of a path → whether what begins so counts."""
    home = os.path.expanduser("~")  # noqa: PTH111, since Path.home() fails for a user without one
    ours = [paths.root(), PACKAGE_PARENT / "utils", paths.user_folder("COURSE_DATA_DIR")]
    others = [sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), *site.getsitepackages(), *SYSTEM]
    others += [site.getusersitepackages(), f"{home}/Library", *filter(None, map(os.environ.get, SETTINGS))]
    places = {f"{os.path.normcase(home)}{os.sep}.": False}  # ~/.cache, ~/.config, ~/.keras …
    for folders, decision in ((others, False), (ours, True)):
        for form in (os.path.abspath, os.path.realpath):
            places |= {os.path.normcase(form(folder)).rstrip(os.sep) + os.sep: decision for folder in folders}
    return places
