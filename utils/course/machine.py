"""What this machine, or the part of it that a container or a scheduler has left us, can carry."""

from pathlib import Path

import psutil

MEGABYTE = 2**20
CGROUPS = Path("/sys/fs/cgroup")


def cores() -> int:
    """How many threads can compute at once: processors, less what an affinity or a container's quota takes away."""
    import joblib

    return joblib.cpu_count()


def free_megabytes() -> float:
    """The MiB of memory that could be taken now without swapping: of the machine, or of the container if that has less.

    Files that the system keeps in memory only because there is room count as free.
    """
    return min(psutil.virtual_memory().available / MEGABYTE, *_container_megabytes())


def _container_megabytes() -> list[float]:
    """What each control group that this process belongs to has left (Linux); one without a limit says nothing."""
    left = [float("inf")]
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:  # another system
        return left
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        folder = CGROUPS / controllers
        for group in (folder / place.lstrip("/"), *(folder / place.lstrip("/")).parents):
            if group == CGROUPS.parent:
                break
            left.append(left_in(group))
    return left


def left_in(group: Path) -> float:
    """The MiB that are left in one control group, of version 2 or 1."""
    for limit, used, file_pages in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most = (group / limit).read_text().strip()
            if most == "max":
                continue
            held = int((group / used).read_text())
            pages = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            return (int(most) - held + int(pages.get(file_pages, 0))) / MEGABYTE
        except (OSError, ValueError):
            continue
    return float("inf")
