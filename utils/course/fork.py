"""Kernels forked from one process that has imported TensorFlow already, so that a run pays for that once.

``kernel(...)`` forks one, or says that it must start the ordinary way. The process that kernels are forked from, the
template (``utils.course.template``), belongs to this process and all its threads. It starts when first needed, and ends
with this process, however that ends; so do its kernels.

Only on Linux: macOS has ``os.fork`` too, but Accelerate and Objective-C do not survive it. Only with TensorFlow, which
begins no thread before its first operation. Only for a kernel of this Python, in an environment like the template's.
"""

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from utils.course.environment import guarded, start
from utils.course.forked import Request
from utils.errors import CourseError

# What takes long and asks for nothing that a kernel alone can answer: rdkit and ipywidgets look for the notebook.
MODULES = (
    "ipykernel.kernelapp",
    "IPython.display",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "tensorflow",
    "keras",
    "pandas",
    "scipy.ndimage",
    "scipy.signal",
    "scipy.stats",
    "pydicom",
    "nibabel",
    "skimage",
    "sklearn.ensemble",
    "sklearn.inspection",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.pipeline",
    "PIL.Image",
    "threadpoolctl",
    "lifelines",
)
SETTINGS = ("KERAS_HOME", "MATPLOTLIBRC", "IPYTHONDIR")  # folders, each kernel's own, of equal content
# Variables that begin so matter to nothing that a template imports.
OF_NO_ACCOUNT = ("COLUMNS", "COURSE_", "JPY_", "LINES", "PYTEST_")

_lock = threading.Lock()
_template = None  # the Template of this process
_notes = []


def kernel(words: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[int]) -> Request | None:
    """Ask for a fork. None when this kernel must start the ordinary way, as it must when ``Request.poll`` says so.

    Parameters
    ----------
    words : sequence of str
        What would start it: ``environment.start("kernel", …)``.
    environment : mapping
        Its environment variables, all of them.
    folder : str
        Its working folder.
    streams : sequence of int
        Descriptors of its standard input, output and error.
    """
    if not possible(words, environment):
        return None
    try:
        template = prepare(environment)
        if template.useless:
            return None
        if not template.fits(environment):
            _note("a kernel needs other environment variables or settings")
            return None
        return template.ask(words, environment, folder, streams)
    except (OSError, CourseError) as error:
        _note(str(error))
        return None


def possible(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a kernel can be a fork at all: on this system, with its backend, of this Python."""
    return (
        sys.platform == "linux"
        and hasattr(os, "fork")
        and (environment.get("KERAS_BACKEND") or "tensorflow") == "tensorflow"
        and list(words[: len(start("kernel"))]) == start("kernel")
        and all(Path(place).is_absolute() for place in environment.get("PYTHONPATH", os.sep).split(os.pathsep))
    )


def prepare(environment: Mapping[str, str]) -> "Template":
    """The template of this process. The first call starts it, for kernels in this environment, and does not wait."""
    global _template
    with _lock:
        if _template is None:
            _template = Template(environment)
        return _template


def begun() -> bool:
    """Whether the template of this process is there already, so that even a single kernel is quicker forked."""
    return _template is not None and not _template.useless


def notes() -> list[str]:
    """Sentences for the reader on why kernels were started the ordinary way, since the template was last closed."""
    return list(_notes)


def close() -> None:
    """End the template, and every kernel that still runs. The next kernel begins another one."""
    global _template
    with _lock:
        template, _template = _template, None
        _notes.clear()
    if template is not None:
        template.close()


atexit.register(close)


def _note(why: str) -> None:
    sentence = (
        f"Kernels are not forked from one process that has imported TensorFlow ({why}): "
        "each starts by itself, which takes some seconds longer."
    )
    with _lock:
        if not _notes:
            _notes.append(sentence)


class Template:
    """The template, seen from the process that it belongs to."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True)
        own = guarded(self._scratch.name)
        self.environment = {
            **{name: value for name, value in environment.items() if not name.startswith(OF_NO_ACCOUNT)},
            **{name: own[name] for name in SETTINGS},
        }
        self.useless = False
        self._requests, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lifeline, self._lifeline = os.pipe()
        try:
            with Path(self._scratch.name, "template.log").open("wb") as log:
                self.process = subprocess.Popen(
                    start("template", str(channel.fileno()), str(lifeline), *MODULES),
                    env=self.environment,
                    cwd=self._scratch.name,  # no settings of Matplotlib's but ours lie here
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(channel.fileno(), lifeline),
                    start_new_session=True,
                )
        finally:
            channel.close()
            os.close(lifeline)

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether a kernel in this environment is as good when it is forked from here."""
        return _content(environment) == _content(self.environment)

    def ask(self, words: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[int]) -> Request:
        """Ask for a fork, without waiting for it. Raises OSError when the template has gone."""
        answers, theirs = socket.socketpair()
        try:
            with theirs, tempfile.TemporaryFile("w", encoding="utf-8") as file:
                json.dump({"words": list(words), "environment": dict(environment), "folder": folder}, file)
                file.flush()
                socket.send_fds(self._requests, [b"k"], [theirs.fileno(), file.fileno(), *streams])
        except OSError:
            answers.close()
            self.useless = True
            raise OSError(self.end()) from None
        return Request(self, answers)

    def end(self) -> str:
        """A clause on how the template ended, when it has gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self.process.wait(timeout=5)
            return f"that process ended with exit status {status}"
        return "that process does not answer"

    def give_up(self, why: str) -> None:
        """Ask this template for nothing more, and remember why; nothing is to be said of one that was closed."""
        if not self.useless:
            self.useless = True
            _note(why)

    def close(self) -> None:
        """End the template and its kernels."""
        self.useless = True
        self._requests.close()
        os.close(self._lifeline)
        self.process.kill()
        self.process.wait()
        self._scratch.cleanup()


def _content(environment: Mapping[str, str]) -> dict[str, str | None]:
    """What an environment amounts to: its variables, and for settings what the files say."""
    content = {
        name: value
        for name, value in environment.items()
        if name not in SETTINGS and not name.startswith(OF_NO_ACCOUNT)
    }
    for name, file in (("KERAS_HOME", "keras.json"), ("MATPLOTLIBRC", "")):
        try:
            content[name] = Path(environment[name], file).read_text(encoding="utf-8")
        except (KeyError, OSError, ValueError):
            content[name] = None
    return content
