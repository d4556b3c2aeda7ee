"""The doctor's checks in a kernel like the lab's: its settings, what it imports, a figure, a step of training."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from utils.course import environment
from utils.course.lab import work_folder
from utils.course.remedies import Finding, make, reinstall
from utils.errors import CourseError


def settings() -> Finding:
    """The user's own settings, which kernels of the course do not get; and the backend of Keras, which they do."""
    try:
        backend = environment.backend()
    except CourseError as error:
        return Finding("settings", False, str(error), environment.unset("KERAS_BACKEND").strip("`"))
    apart = environment.set_apart()
    found = f"Keras on {backend}"
    return Finding("settings", True, f"{found}; not used here: {', '.join(apart)}" if apart else found)


def kernel() -> Finding:
    """Whether a kernel starts as it does in the lab, with this Python and with our ``utils``."""
    said, error = in_kernel("import sys, utils\nreport = [sys.executable, utils.__file__, __debug__]")
    if error:
        return Finding("kernel", False, error, reinstall())
    wanted = [sys.executable, str(environment.PACKAGE_PARENT / "utils" / "__init__.py"), True]
    wrong = [f"{is_} instead of {should}" for is_, should in zip(said, wanted, strict=True) if is_ != should]
    if wrong:
        return Finding("kernel", False, "; ".join(wrong), make("clean setup"))
    return Finding("kernel", True, f"starts; utils comes from {Path(said[1]).parent}")


def figure() -> Finding:
    """Whether a figure can be drawn in a kernel, with words and a formula in it."""
    said, error = in_kernel(
        "import io\n"
        "import matplotlib\n"
        "from matplotlib import pyplot as plt\n"
        "figure, axes = plt.subplots()\n"
        "axes.set_title('$x^2$ and words')\n"
        "file = io.BytesIO()\n"
        "figure.savefig(file, format='png')\n"
        "plt.close(figure)\n"
        "report = [len(file.getvalue()), matplotlib.matplotlib_fname()]"
    )
    if error:
        return Finding("figure", False, error, reinstall())
    return Finding("figure", True, f"drawn with Matplotlib {version('matplotlib')}")


def keras() -> Finding:
    """Whether a network trains for a step in a kernel; with which settings, and on which processors."""
    said, error = in_kernel(
        "import os\n"
        "os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
        "import keras, numpy\n"
        "keras.utils.set_random_seed(0)\n"
        "layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1)]\n"
        "model = keras.Sequential(layers)\n"
        "model.compile('sgd', 'mse')\n"
        "loss = float(model.train_on_batch(numpy.ones((2, 8, 8, 1)), numpy.ones((2, 1))))\n"
        "config = keras.config\n"
        "in_force = {name: getattr(config, name)() for name in ('backend', 'floatx', 'epsilon', 'image_data_format')}\n"
        "report = [numpy.isfinite(loss).item(), in_force, len(keras.distribution.list_devices('gpu'))]"
    )
    if error:
        return Finding("Keras", False, error, reinstall())
    finite, in_force, graphics = said
    words = ", ".join(str(value) for name, value in in_force.items() if name != "epsilon")
    found = f"{version('keras')}: {words}"
    wanted = environment.KERAS_SETTINGS | {"backend": environment.backend()}
    if in_force != wanted:
        return Finding("Keras", False, f"{found} instead of {', '.join(map(str, wanted.values()))}", reinstall())
    if not finite:
        return Finding("Keras", False, f"{found}; the loss of a step is not a number", reinstall())
    processors = f"{graphics} graphics processors" if graphics else "no graphics processor, and none is needed"
    return Finding("Keras", True, f"{found}; a step of training was taken; {processors}")


def in_kernel(source: str) -> tuple[str, str | None]:
    """Run code in a kernel like the lab's. Returns (what it called ``report``, what went wrong or None)."""
    import nbformat

    from utils.course.execute import run_cells
    from utils.course.kernel import Watch

    watch = Watch(work_folder() if work_folder().is_dir() else None)
    code = f"{source}\nimport json\nprint(json.dumps(report))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, id="check")])
    failure = run_cells(notebook, {}, timeout=300, watch=watch)
    if failure:
        return None, failure[1]
    printed = [output["text"] for output in watch.notebook.cells[-1].outputs if output.get("name") == "stdout"]
    return json.loads("".join(printed).splitlines()[-1]), None
