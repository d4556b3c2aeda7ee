"""The data that a notebook's results depend on: sets of the catalogue, and a reader's own files.

Reads ``data/catalogue.toml`` itself: ``utils.datasets`` would take half a second for the libraries that it imports.
"""

import json
import os
import tomllib
from pathlib import Path

from utils import paths
from utils.course.cache.contents import Contents, digest

PAIR = ("events.*", "outcomes.*")  # what is read of a folder of records


class Data:
    """The catalogue and the files that it lists, as they are now."""

    def __init__(self, contents: Contents):
        self.contents = contents
        self.embedded, self.fetched = paths.root() / "data", paths.user_folder("COURSE_DATA_DIR")
        self.catalogue = self.embedded / "catalogue.toml"
        try:
            listed = tomllib.loads(contents.read(self.catalogue).decode("utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            listed = {}
        families = listed.get("families", {})
        self.sets = {
            name: families.get(table.get("family"), {}) | table for name, table in listed.get("datasets", {}).items()
        }

    def files(self, name: str) -> list[Path]:
        """The files of a set of the catalogue, those that cannot be fetched yet included; its card and its notice."""
        entry = self.sets.get(name, {})
        folder = self.embedded if entry.get("embedded") else self.fetched
        beside = [self.embedded / entry[text] for text in ("card", "notice") if entry.get(text)]
        return [folder / file["path"] for file in entry.get("files", ())] + beside

    def hash_of_set(self, name: str) -> str:
        """A hash of what the catalogue says of a set, and of the contents of its files."""
        contents = [self.contents.sha256(path) for path in self.files(name)]
        return digest(json.dumps([self.sets.get(name), contents], default=str, sort_keys=True))

    def hash_of_catalogue(self) -> str:
        """A hash of all that the catalogue says."""
        return self.contents.sha256(self.catalogue)

    def own_files(self, value: object) -> list[Path]:
        """The files that a parameter names: one, a pair with a comma between them, or the two of a folder."""
        if not isinstance(value, str) or not value or value in self.sets:
            return []
        found = _files(value)
        commas = [place for place, letter in enumerate(value) if letter == ","]
        for place in [] if found else commas:
            found += [*_files(value[:place]), *_files(value[place + 1 :].strip())]
        return found

    def sets_with(self, path: str) -> list[str]:
        """The names of the sets that a file belongs to."""
        return [name for name in self.sets if path in map(os.path.realpath, self.files(name))]


def _files(text: str) -> list[Path]:
    try:
        path = paths.settled(text)
        if path.is_dir():
            return sorted(file for form in PAIR for file in path.glob(form) if file.is_file())
        return [path] if path.is_file() else []
    except (OSError, RuntimeError, ValueError):  # a name that is too long, ~nobody, or no name at all
        return []
