"""The entries of the cache as files: a folder per chapter, a file per key.

The first line of a file holds the format and checksums, the second the head (what the entry is of), the third the body
(what it holds). Writing is atomic; two runs that write one key write the same. Files of other formats are not read.
"""

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from utils.course.notebooks import write_atomically

FORMAT = 1
MAGIC = "course-cache"
MOST_BYTES, MOST_ENTRIES = 10**9, 500
ABANDONED_SECONDS = 24 * 3600  # a temporary file as old as this belongs to no run any more
NAME = re.compile(r"[0-9a-f]{64}\.json")
TEMPORARY = re.compile(r"\.[0-9a-f]{64}\.json-\w+")


class Damaged(ValueError):
    """A file that is not, or no longer, what was written."""


class Older(ValueError):
    """An entry of an earlier format."""


class Newer(ValueError):
    """An entry of a later format."""


class Entries:
    """The files below a folder. What goes wrong is an OSError, or a CourseError where nothing can be written."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, chapter: str, key: str) -> Path:
        """Where the entry of a key is, or would be."""
        return self.folder / chapter / f"{key}.json"

    def write(self, chapter: str, key: str, head: dict, body: dict) -> None:
        """Store an entry, and remove what has been used least where there are too many."""
        lines = [json.dumps(part, separators=(",", ":"), sort_keys=True) for part in (head, body)]
        sums = " ".join(map(_sum, lines))
        write_atomically(self.path(chapter, key), "\n".join([f"{MAGIC} {FORMAT} {sums}", *lines, ""]))
        self.tidy()

    def read(self, chapter: str, key: str) -> tuple[dict, dict] | None:
        """Head and body of an entry; None for a key without one. Raises Damaged, Older, Newer or OSError."""
        path = self.path(chapter, key)
        try:
            first, *lines = path.read_bytes().split(b"\n", 3)
        except FileNotFoundError:
            return None
        sums = _checked_format(first)
        if len(lines) < 3 or [_sum(line) for line in lines[:2]] != sums or lines[2]:
            raise Damaged(str(path))
        with contextlib.suppress(OSError):  # another user's; then it looks older than it is
            os.utime(path)
        return json.loads(lines[0]), json.loads(lines[1])

    def heads(self, chapter: str, unusable: Callable[[Path, Exception], None]) -> Iterator[dict]:
        """The heads of all entries of a chapter, the most recently used first.

        ``unusable`` is called with the path and the exception (Damaged, Older, OSError) for those that have none.
        """
        for path, _ in sorted(self._files(chapter), key=lambda file: file[1].st_mtime_ns, reverse=True):
            try:
                with path.open("rb") as stream:
                    sums = _checked_format(stream.readline().rstrip(b"\n"))
                    line = stream.readline().rstrip(b"\n")
                if _sum(line) != sums[0]:
                    raise Damaged(str(path))
                yield json.loads(line)
            except (Newer, FileNotFoundError):  # somebody else's, or removed just now
                continue
            except (Damaged, Older, OSError) as error:
                unusable(path, error)

    def tidy(self) -> None:
        """Remove the least recently used entries above the limits, and what runs that were killed left half written."""
        files = [file for chapter in self._chapters() for file in self._files(chapter)]
        files.sort(key=lambda file: file[1].st_mtime_ns)
        size = sum(status.st_size for _, status in files)
        while files and (size > MOST_BYTES or len(files) > MOST_ENTRIES):
            path, status = files.pop(0)
            size -= status.st_size
            remove(path)
        for chapter in self._chapters():
            for path, status in self._files(chapter, TEMPORARY):
                if time.time() - status.st_mtime > ABANDONED_SECONDS:
                    remove(path)

    def _chapters(self) -> list[str]:
        try:
            with os.scandir(self.folder) as found:
                return [entry.name for entry in found if entry.is_dir()]
        except FileNotFoundError:
            return []

    def _files(self, chapter: str, form: re.Pattern = NAME) -> list[tuple[Path, os.stat_result]]:
        """The files of ours in the folder of a chapter, those that vanish meanwhile left out."""
        found = []
        try:
            with os.scandir(self.folder / chapter) as listed:
                for entry in listed:
                    if form.fullmatch(entry.name):
                        with contextlib.suppress(FileNotFoundError):
                            found.append((Path(entry.path), entry.stat()))
        except FileNotFoundError:
            pass
        return found


def remove(path: Path) -> None:
    """Remove a file if that can be done."""
    with contextlib.suppress(OSError):
        path.unlink()


def _checked_format(first: bytes) -> list[str]:
    """The checksums in the first line of an entry."""
    words = first.decode("ascii", "replace").split(" ")
    if len(words) < 2 or words[0] != MAGIC or not words[1].isdecimal():
        raise Damaged(words[0][:40])
    if int(words[1]) < FORMAT:
        raise Older(words[1])
    if int(words[1]) > FORMAT:
        raise Newer(words[1])
    if len(words) != 4:
        raise Damaged(words[0])
    return words[2:]


def _sum(line: str | bytes) -> str:
    return hashlib.sha256(line.encode() if isinstance(line, str) else line).hexdigest()
