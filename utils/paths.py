"""Where the course is: one place that says it, for chapters, data and tools alike."""

import os
from pathlib import Path

import platformdirs


def root() -> Path:
    """The folder that holds ``chapters/`` and ``data/``: that of this checkout, or the one ``COURSE_ROOT`` names."""
    return Path(os.environ.get("COURSE_ROOT") or Path(__file__).parents[1]).resolve()


def settled(path: str) -> Path:
    """The absolute path of a folder that a setting names. A relative one is below the folder of the course.

    Not below the current folder: the command and the kernels that it starts have different ones.
    """
    return root() / Path(path).expanduser()


def user_folder(variable: str, below: str = "") -> Path:
    """The folder that an environment variable names (see ``settled``), or else one in the user's cache."""
    if chosen := os.environ.get(variable):
        return settled(chosen)
    return platformdirs.user_cache_path("deep-learning-in-medicine", appauthor=False) / below
