"""What a student's process may take, and how the system keeps it, and all that it starts, to that.

Some limits are the system's own; a filter of system calls closes the ways around them. What remains, the memory of
several processes together, is watched from outside, see ``sandbox``.
"""

import errno
import itertools
import os
import platform
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from utils.course.machine import MEGABYTE

STRANGERS = range(61184, 65520)  # numbers of users that systems leave free for processes like this
COUNTED_SINCE = (5, 14)  # the version of Linux from which on each sandbox has a count of processes of its own
FIRST_TO_GO = "1000"  # where memory runs out all the same, Linux ends the process with the highest number

# Per machine: its number among the kinds of machine, then the numbers of system calls, all as Linux gives them.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
MAP = (9, 222)  # mmap
REFUSED = {
    "sched_setaffinity": (203, 122),  # would leave the processor
    "memfd_create": (319, 279),  # memory that belongs to no process, and so is not counted
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "unshare": (272, 97),  # parts of the system that no answer needs, and through which others have got out
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "add_key": (248, 217),
    "keyctl": (250, 219),
}
SHARED_AND_NAMELESS = 0x21  # flags of mmap: such memory outlives the process that has filled it
LOAD, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06  # operations of a filter
_turns = itertools.count(os.getpid() * 61)  # so that two processes that make boxes seldom meet
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


@dataclass(frozen=True)
class Bounds:
    """What a box may take at most; it has one processor.

    Attributes
    ----------
    megabytes : float
        Resident memory of all its processes together.
    processes : int
        Processes and threads.
    disk_megabytes : int
        Of its own temporary folder.
    """

    megabytes: float = 2000.0
    processes: int = 32
    disk_megabytes: int = 64


def keep_to(bounds: Bounds, core: int | None) -> None:
    """In the new process: the limits that it and its children inherit."""
    import resource

    if core is not None:
        os.sched_setaffinity(0, {core})
    with suppress(OSError):  # on another system
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    most = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": bounds.disk_megabytes * MEGABYTE,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_DATA": int(4 * bounds.megabytes * MEGABYTE),
        "RLIMIT_MEMLOCK": MEGABYTE,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, value in most.items():
        number = getattr(resource, name, None)
        if number is not None:
            _, hard = resource.getrlimit(number)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


def counted(bounds: Bounds) -> int | None:
    """The processes that the system itself counts in a sandbox; None where it counts those of others with them."""
    version = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit())
    return bounds.processes if version >= COUNTED_SINCE else None


def stranger() -> int:
    """The number of a user whom nothing belongs to, another one for each box that is made here."""
    return STRANGERS[next(_turns) % len(STRANGERS)]


class Core:
    """A processor that no other box on this machine has, as long as there is one; then any.

    Attributes
    ----------
    number : int or None
        None where processes cannot be bound to a processor.
    """

    def __init__(self) -> None:
        self._turn: socket.socket | None = None
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.number = random.choice(cores) if cores else None
        for core in cores:
            turn = socket.socket(socket.AF_UNIX)
            try:
                turn.bind(f"\0course-core-{core}")  # a name without a file, free again when its process ends
            except OSError:
                turn.close()
                continue
            self.number, self._turn = core, turn
            return

    def close(self) -> None:
        """Let others have it."""
        if self._turn is not None:
            self._turn.close()


def call_filter() -> bytes:
    """The program with which Linux refuses REFUSED, and memory that is shared without a name; empty elsewhere."""
    if platform.machine() not in MACHINES:
        return b""
    machine, place = MACHINES[platform.machine()]
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, machine), (RETURN, 0, 0, REFUSE)]  # calls in another machine's way
    steps += [(LOAD, 0, 0, 0), (AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, REFUSE)]  # likewise
    for numbers in REFUSED.values():
        steps += [(EQUAL, 0, 1, numbers[place]), (RETURN, 0, 0, REFUSE)]
    steps += [(EQUAL, 0, 4, MAP[place]), (LOAD, 0, 0, 16 + 8 * 3), (AND, 0, 0, SHARED_AND_NAMELESS)]
    steps += [(EQUAL, 0, 1, SHARED_AND_NAMELESS), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
