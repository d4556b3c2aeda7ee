"""Whether a snapshot has to be made again: a hash of all that makes it, kept once it came out right.

A snapshot that was made from these very inputs on this machine, byte for byte, comes out the same the next time. What
was not made here before, or has changed in any part, is made again, and so is everything where CI is set.
"""

import hashlib
import os
import platform
import zlib
from importlib.metadata import version
from pathlib import Path

from conftest import ROOT

from utils.course.cache.contents import Contents
from utils.course.cache.modules import Modules
from utils.course.notebooks import write_atomically
from utils.datasets.catalogue import packages

KEPT = ROOT / "build" / "tests" / "rebuilt"
ENCODERS = ("numpy", "pandas", "pillow", "rdkit", "shapely", "arro3-io", "pynrrd")
START = ("utils.datasets.rebuild", "utils.datasets.conversions")


def inputs(entry, root=ROOT):
    """What an embedded dataset is made from: name → what it is now, as text.

    Parameters
    ----------
    entry : Entry
        Of the catalogue: its sources, and the digests of its files.
    root : Path
        The root of the course.
    """
    contents = Contents()
    modules = Modules(contents, [root]).reached(START)
    found = {path.relative_to(root).as_posix(): contents.sha256(path) for path in sorted(modules)}
    found |= {f"data/{file.path}": contents.sha256(root / "data" / file.path) for file in entry.files}
    found |= {"this test": contents.sha256(root / "tests" / "datasets" / "test_rebuild.py")}
    found |= {"its entry in the catalogue": repr(entry), "the packages": repr(sorted(packages().items()))}
    found |= {name: version(name) for name in ENCODERS}
    found |= {"requirements.lock": contents.sha256(root / "requirements.lock")}
    found |= {"Python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    return found | {"zlib": zlib.ZLIB_RUNTIME_VERSION}


def fingerprint(inputs):
    """One hash for all inputs."""
    return hashlib.sha256(repr(sorted(inputs.items())).encode()).hexdigest()


def in_ci():
    """Whether this is continuous integration, where everything is made again."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def is_kept(name, fingerprint, folder=None):
    """Whether this dataset came out right before, from the same inputs."""
    try:
        return Path(folder or KEPT, name).read_text(encoding="utf-8") == fingerprint
    except OSError:
        return False


def keep(name, fingerprint, folder=None):
    """Note that it came out right."""
    write_atomically(Path(folder or KEPT, name), fingerprint)
