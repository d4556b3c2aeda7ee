"""Where ``course``, its kernels and its JupyterLab start, before anything else is imported.

A name of its own at the top, since the first thing to settle is which ``utils`` is meant: a folder on ``PYTHONPATH``,
the user's own site-packages or the working folder may hold another one, or an old ``numpy``. They are looked at last.

The command starts with ``command()``. The others are started by running this file: ``course_start.py kernel OPTIONS``.
"""

import os  # no pathlib: only what Python has loaded by itself is surely its own
import site
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def put_path_in_order() -> None:
    """Put this package first on ``sys.path`` and the user's own folders last, behind the installed packages."""
    installed = {_same(os.path.dirname(os.__file__)), *map(_same, site.getsitepackages())}
    given = os.environ.get("PYTHONPATH")
    own = {_same(folder) for folder in given.split(os.pathsep)} if given else set()
    if site.ENABLE_USER_SITE:
        own.add(_same(site.getusersitepackages()))
    own -= installed
    others = [folder for folder in sys.path if _same(folder) != _same(HERE)]
    last = [folder for folder in others if _same(folder) in own]
    sys.path[:] = [HERE, *(folder for folder in others if folder not in last), *last]


def _same(folder: str) -> str:
    """A spelling that is the same for the same folder; the empty one is the working folder."""
    return os.path.normcase(os.path.abspath(folder))


def command() -> None:
    """The console script ``course``."""
    put_path_in_order()
    from utils.course.cli import main

    main()


def kernel() -> None:
    """A kernel. Modules beside the notebook can be imported, but take nobody's place."""
    put_path_in_order()
    _become_kernel()


def template(channel: str, lifeline: str, *modules: str) -> None:
    """The process that kernels are forked from (``utils.course.template``). Each fork goes on here as a kernel."""
    put_path_in_order()
    from utils.course.template import serve

    for name in ("utils.course.template", "utils.course", "utils"):
        del sys.modules[name]  # a kernel finds them as they are when it starts
    serve(int(channel), int(lifeline), modules)
    _become_kernel(parent_handle=1)  # 1 stands for no parent to look at: the run is not it, and ``serve`` looks at that


def _become_kernel(**options) -> None:
    sys.path.append("")
    if os.path.exists("matplotlibrc"):
        _import_matplotlib_elsewhere()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(**options)


def lab() -> None:
    """JupyterLab."""
    put_path_in_order()
    from jupyterlab.labapp import main

    main()


def _import_matplotlib_elsewhere() -> None:
    """Import Matplotlib from another folder: settings in the working folder would precede all that we can set."""
    here = os.getcwd()
    os.chdir(os.path.dirname(os.__file__))
    try:
        import matplotlib  # noqa: F401  # its settings are read now, and never again
    finally:
        os.chdir(here)


if __name__ == "__main__":
    start = {"kernel": kernel, "lab": lab, "template": template}[sys.argv.pop(1)]
    start(*sys.argv[1:]) if start is template else start()
