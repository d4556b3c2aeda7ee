"""Where the course is: one place that says it, for chapters, data and tools alike."""

import os
from pathlib import Path


def root() -> Path:
    """The folder that holds ``chapters/`` and ``data/``: that of this checkout, or the one ``COURSE_ROOT`` names."""
    return Path(os.environ.get("COURSE_ROOT") or Path(__file__).parents[1]).resolve()
