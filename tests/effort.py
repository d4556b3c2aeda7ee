"""What a call costs, counted: other programs on the machine do not change it."""

import sys
import tracemalloc


def calls(work):
    """How many functions are called, in Python or from it."""
    count = 0

    def counting(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def peak(work):
    """The most bytes held at one time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
