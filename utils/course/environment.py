"""The environment of the course's kernels: the same for ``course run``, ``course lab`` and ``course doctor``.

What a user has set up for other work must not change what a chapter computes. Keras, Matplotlib and IPython get
settings of ours in a folder of their own; variables that change how Python runs, or how long Keras trains, are left
out. What somebody chooses for the course stays: ``KERAS_BACKEND``, ``PYTHONPATH`` (last on the path, see
``course_start``), graphics processors, numbers of threads.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

from utils.errors import CourseError, UsageError

PACKAGE_PARENT = Path(__file__).parents[2]
BACKENDS = ("tensorflow", "jax", "torch")  # those of Keras that can train
KERAS_SETTINGS = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-07, "image_data_format": "channels_last"}
HARMLESS = {
    "PYTHONPATH",
    "PYTHONHASHSEED",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
    "PYTHONFAULTHANDLER",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
}  # of the variables that begin with PYTHON; the others switch off asserts, turn warnings into errors, …
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)  # each library asks for the number of its threads in a variable of its own
LEFT_OUT = {
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "KERAS_NNX_ENABLED",
    "TF_USE_LEGACY_KERAS",
}


def guarded(folder: Path, threads: int | None = None) -> dict[str, str]:
    """The environment variables of a kernel whose settings live in ``folder``, which is made.

    threads: how many the kernel computes with, unless the reader has set a number; None leaves it to the libraries.

    Raises UsageError when KERAS_BACKEND names what cannot be used, CourseError when the folder cannot be written.
    """
    backend()
    folder = Path(folder).absolute()
    keras = folder / "keras"
    try:
        keras.mkdir(parents=True, exist_ok=True)
        (keras / "keras.json").write_text(json.dumps(KERAS_SETTINGS), encoding="utf-8")
        (folder / "matplotlibrc").write_text("# nothing here: Matplotlib's own defaults\n", encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{folder} cannot be written ({error.strerror or error}): choose another folder.") from error
    others = left_out() | {"JPY_SESSION_NAME"}  # the notebook that called the course
    kept = {name: value for name, value in os.environ.items() if name not in others}
    python_path = os.pathsep.join(filter(None, [str(PACKAGE_PARENT), kept.get("PYTHONPATH")]))
    chosen = (dict.fromkeys(THREADS, str(threads)) if threads else {}) | kept
    return chosen | {
        "PYTHONPATH": python_path,
        "PYTHONNOUSERSITE": "1",
        "KERAS_HOME": str(keras),
        "MATPLOTLIBRC": str(folder / "matplotlibrc"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures belong into the notebook
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def start(*words: str) -> list[str]:
    """The words that start ``course_start`` with this Python: not the working folder first, no site of the user's."""
    return [sys.executable, "-P", "-s", str(PACKAGE_PARENT / "course_start.py"), *words]


def left_out() -> set[str]:
    """The names of the variables set now that a kernel does not get."""
    python = {name for name in os.environ if name.startswith("PYTHON")} - HARMLESS
    return python | (LEFT_OUT & os.environ.keys())


def set_apart() -> list[str]:
    """What the user has set for Python, Keras, Matplotlib or IPython, and the kernels of the course do not use."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    matplotlib = [config / "matplotlib" / "matplotlibrc", home / ".matplotlib" / "matplotlibrc"]
    startup = sorted((home / ".ipython" / "profile_default" / "startup").glob("*.[pi]*"))
    names = left_out() | {"KERAS_HOME", "MATPLOTLIBRC", "MPLBACKEND", "IPYTHONDIR"} & os.environ.keys()
    files = [
        _differing_keras(home / ".keras" / "keras.json"),
        *(path for path in matplotlib if path.exists()),
        *startup,
    ]
    return sorted(names) + [str(file) for file in files if file]


def _differing_keras(path: Path) -> str | None:
    """The user's settings of Keras, where they differ from ours."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        differs = [
            f"{name} {given[name]}" for name in KERAS_SETTINGS if given.get(name, "") not in ("", KERAS_SETTINGS[name])
        ]
    except (OSError, ValueError, AttributeError):
        return None
    return f"{path} ({', '.join(differs)})" if differs else None


def backend() -> str:
    """The backend that Keras will use: what KERAS_BACKEND names, or TensorFlow.

    Raises UsageError, with the remedy, when it names no backend that can train, or one that is not installed.
    """
    chosen = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if chosen not in BACKENDS:
        raise UsageError(
            f"KERAS_BACKEND is {chosen!r}, which is not a backend that the course can train on "
            f"(tensorflow, jax or torch): {unset('KERAS_BACKEND')} gives TensorFlow, the default."
        )
    if importlib.util.find_spec(chosen) is None and chosen != "tensorflow":
        raise UsageError(
            f"KERAS_BACKEND is {chosen!r}, and {chosen} is not installed here: "
            f"{unset('KERAS_BACKEND')} gives TensorFlow, the default."
        )
    return chosen


def unset(name: str) -> str:
    """The command that removes an environment variable."""
    return f"`set {name}=` (in PowerShell: `$Env:{name} = ''`)" if os.name == "nt" else f"`unset {name}`"
