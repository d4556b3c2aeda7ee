"""Where a reader can run a chapter: in JupyterLab at home, and on services that take it from the public repository."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from utils.errors import UsageError
from utils.paths import root

NAME = re.compile(r"[\w.-]+/[\w.-]+")
LAB = "http://localhost:8888/lab/tree"  # where `course lab` opens, unless that port is taken


@dataclass(frozen=True)
class Launch:
    """The public repository, ``OWNER/NAME`` on GitHub, from which services take the chapters; "" when there is none."""

    repository: str = ""

    def places(self, file: str) -> Iterator[tuple[str, str, str]]:
        """Name, address and needs (HTML) of each place where the notebook of this name opens."""
        own = "JupyterLab opens your own copy while <code>course lab</code> runs on this computer."
        yield "JupyterLab", f"{LAB}/{file}", own
        if self.repository:
            colab = f"https://colab.research.google.com/github/{self.repository}/blob/HEAD/chapters/{file}"
            clone = f"!git clone -q https://github.com/{self.repository} course; pip install -qe course"
            first = f"In Colab, run <code>{clone}</code> and <code>%cd course</code> in a new first cell."
            yield "Colab", colab, first
            binder = f"https://mybinder.org/v2/gh/{self.repository}/HEAD?labpath=chapters/{file}"
            yield "Binder", binder, "Binder takes some minutes to start."

    def source(self, path: str) -> str | None:
        """The address of a file of the repository; None when there is no public one."""
        return f"https://github.com/{self.repository}/blob/HEAD/{path}" if self.repository else None


def launch(repository: str | None = None) -> Launch:
    """The Launch for a repository: the one given, else that of ``site/settings.toml``, of CI, or of git's ``origin``.

    Raises UsageError for what is not of the form ``OWNER/NAME``.
    """
    settings = tomllib.loads((root() / "site" / "settings.toml").read_text(encoding="utf-8"))
    chosen = repository or settings["repository"] or os.environ.get("GITHUB_REPOSITORY") or _origin()
    if chosen and not NAME.fullmatch(chosen):
        raise UsageError(f"The repository {chosen!r} is not of the form OWNER/NAME: give it as on GitHub.")
    return Launch(chosen)


def _origin() -> str:
    """``OWNER/NAME`` of the repository on GitHub that this checkout was cloned from, or ""."""
    try:
        command = ["git", "-C", str(root()), "remote", "get-url", "origin"]
        address = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git
        return ""
    found = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(\.git)?$", address)
    return found[1] if found else ""
