"""The contents of files as hashes, each file read once; and whether a file was touched since."""

import hashlib
import os
from pathlib import Path

ABSENT = "absent"


class Contents:
    """Reads files, and remembers what it found: ask a new one for what is there now.

    Attributes
    ----------
    stamps : dict
        Path → what the system says of the file (time, size, number); None where there is no file.
    """

    def __init__(self):
        self.stamps: dict[Path, tuple[int, ...] | None] = {}
        self._hashes: dict[Path, str] = {}
        self._read: dict[Path, bytes] = {}

    def sha256(self, path: Path) -> str:
        """The SHA-256 of the content, hexadecimal; ABSENT where there is no such file.

        Raises OSError when the file cannot be read.
        """
        if path not in self._hashes:
            try:
                with path.open("rb") as stream:
                    self.stamps[path] = stamp(stream.fileno())
                    self._hashes[path] = hashlib.file_digest(stream, "sha256").hexdigest()
            except (FileNotFoundError, NotADirectoryError):
                self.stamps[path], self._hashes[path] = None, ABSENT
        return self._hashes[path]

    def read(self, path: Path) -> bytes:
        """The content itself, of a file that is small and there. Raises OSError."""
        if path not in self._read:
            with path.open("rb") as stream:
                self.stamps[path] = stamp(stream.fileno())
                content = stream.read()
            self._read[path], self._hashes[path] = content, hashlib.sha256(content).hexdigest()
        return self._read[path]


def stamp(handle: int) -> tuple[int, ...]:
    """What changes when a file is written or replaced, even by the same content."""
    status = os.fstat(handle)
    return status.st_mtime_ns, status.st_size, status.st_ino


def digest(text: str) -> str:
    """The SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
