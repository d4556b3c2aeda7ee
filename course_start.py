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
    # nbformat imports jsonschema, and that by way of this all grammars of web addresses: a second, for nothing that the
    # schema of a notebook asks for. Without it, jsonschema does not know that format.
    sys.modules.setdefault("rfc3987_syntax", None)
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
    trace_reads()
    if os.path.exists("matplotlibrc"):
        _import_matplotlib_elsewhere()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(**options)


def lab() -> None:
    """JupyterLab."""
    put_path_in_order()
    from jupyterlab.labapp import main

    main()


def trace_reads() -> None:
    """Write down each file that is opened for reading from now on, for the run that started this kernel.

    ``COURSE_READS`` names the file, in which each path ends with a zero byte; ``utils.course.cache.reads`` reads it.
    Files of Python and its packages are left out, and those of the system, unless the course is below the same folder.
    What this process has written itself begins with a star. Files that a library opens without Python's help are not
    seen.
    """
    place = os.environ.pop("COURSE_READS", None)  # not for the processes that a chapter starts
    if not place:
        return
    course = [_same(HERE), _same(os.environ.get("COURSE_ROOT") or HERE)]
    course += map(os.path.realpath, course[:])
    apart = [sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), *site.getsitepackages(), os.path.dirname(place)]
    apart = {os.path.join(_same(folder), "") for folder in [*apart, "/dev", "/etc", "/lib", "/proc", "/sys", "/usr"]}
    apart = tuple(folder for folder in apart if not any(os.path.join(ours, "").startswith(folder) for ours in course))
    seen = set()  # what is written down already, and what this process has written
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return

    def note(event: str, arguments: tuple) -> None:
        if event != "open" or isinstance(arguments[0], int):
            return
        try:
            path, _, flags = arguments
            path = os.path.abspath(os.fsdecode(path))
            if path in seen or os.path.normcase(path).startswith(apart):
                return
            if flags & (os.O_WRONLY | os.O_RDWR):
                if flags & (os.O_TRUNC | os.O_EXCL):
                    seen.add(path)
                    os.write(handle, b"*" + os.fsencode(path) + b"\0")
                if flags & os.O_WRONLY or path in seen:
                    return
            seen.add(path)
            os.write(handle, os.fsencode(path) + b"\0")
        except Exception:  # a chapter must not notice; a trace that is not whole is none
            try:  # noqa: SIM105, since contextlib might be somebody else's
                os.unlink(place)
            except OSError:
                pass

    sys.addaudithook(note)


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
