"""Did memory run out? Python, the dynamic linker, NumPy, TensorFlow and the system say it in words of their own."""

import re
import signal

from utils.errors import CourseError

LESS_MEMORY = "close other programs, use --jobs 1 or --profile smoke, or raise the limit (`ulimit -v`)"
LEAST_MB = 450  # of addresses, for `course run` itself; ZeroMQ ends the process without a word below
WORDS = re.compile(
    r"bad_alloc|cannot allocate memory|failed to map segment|cannot map|unable to allocate|out of memory|\bOOM\b|"
    r"memory allocation .*failed|MemoryError|can't start new thread|pthread_create failed|src/thread\.cpp",
    re.IGNORECASE,
)
SYSTEM_ERRORS = {"OSError", "ImportError", "RuntimeError", "SystemError", "BlockingIOError", "InternalError"}
CRASHES = {-getattr(signal, name) for name in ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGKILL") if hasattr(signal, name)}


def is_memory(name: str, message: str) -> bool:
    """Whether an exception says that memory ran out: by its name, or as the system says it."""
    if name.endswith(("MemoryError", "ResourceExhaustedError")):
        return True
    return name in SYSTEM_ERRORS and telling_line(message) is not None


def telling_line(text: str) -> str | None:
    """The first line of a message, or of what a dying program wrote, that says that memory ran out; None without."""
    return next((line.strip() for line in text.splitlines() if WORDS.search(line)), None)


def limit_mb() -> float | None:
    """The MiB of addresses that this process and its kernels may have (``ulimit -v``); None without a limit."""
    try:
        import resource
    except ImportError:  # on Windows
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most / 2**20


def refuse_too_little() -> None:
    """Raise CourseError when the limit would end even this process."""
    limit = limit_mb()
    if limit is not None and limit < LEAST_MB:
        raise CourseError(
            f"Memory is limited to {limit:,.0f} MB of addresses (`ulimit -v`), and {LEAST_MB} MB are needed "
            "to start a kernel at all: raise the limit."
        )


def crash_words(exit_status: int | None) -> str | None:
    """Why a process that crashed most likely lacked memory, when it had a limit; None when nothing says so."""
    limit = limit_mb()
    if limit is None or exit_status not in CRASHES:
        return None
    return f"it is limited to {limit:,.0f} MB"
