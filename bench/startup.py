"""Seconds that ``course --help`` and ``course list`` take: the median of several calls, each a fresh process."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import against

LIMIT_SECONDS = 0.4
CALLS = 9


def seconds(*words):
    """The median time of one call of ``course`` with these words."""
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "utils.course", *words],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    kept = [against(f"course {word}", seconds(word), LIMIT_SECONDS, "s") for word in ("--help", "list")]
    sys.exit(not all(kept))
