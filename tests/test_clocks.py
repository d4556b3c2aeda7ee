"""Nothing that depends on how busy the machine is decides whether a chapter or a test passes."""

import hypothesis
import pytest
from clocks import timed_assertions, timed_claims
from conftest import CHAPTERS, ROOT, read

NOTEBOOKS = [*CHAPTERS, *sorted((ROOT / "chapters" / "own").glob("*.ipynb"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_claim_depends_on_how_busy_the_machine_is(path):
    assert timed_claims("\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")) == []


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_no_test_depends_on_how_busy_the_machine_is(path):
    assert timed_assertions(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "run.claim('time of attention: slope', 1, at_most=2)",
        "run.claim('seconds of the recipe / seconds of the article', 1, at_most=1)",
        "import time\nstarted = time.perf_counter()\nrun.claim('work', time.perf_counter() - started, at_most=2)",
        "import time\nt = time.process_time()\ntook = {}\ntook['a'] = t\nrun.claim('work', took['a'], at_most=2)",
        "from time import monotonic as now\na = b = now()\nrun.claim('work', 1, at_most=a)",
        "import timeit\ncosts = []\ncosts.append(timeit.timeit('1'))\nrun.claim('work', min(costs), at_most=2)",
        "import time\ndef took(f):\n    t = time.time()\n    return time.time() - t\n"
        "costs = {n: took(n) for n in b}\ndef slope(n):\n    return costs[n]\nrun.claim('work', slope(1), at_most=2)",
        "import psutil\nclaim('work', psutil.Process().memory_info().rss, at_most=2)",
        "used = trained['best'].seconds / budget\nrun.claim('budget', used, at_most=2)",
    ],
)
def test_a_claim_about_time_is_found(code):
    assert len(timed_claims(code)) == 1


def test_a_time_that_is_only_shown_is_no_claim():
    code = (
        "import time\nt = time.time()\nprint(time.time() - t)\nsteps = count(f)\nrun.claim('steps', steps, at_most=2)"
    )
    assert timed_claims(code) == []


def test_an_assertion_about_time_is_found_and_a_deadline_is_none():
    head = "import time\ndef test_it():\n    start = time.process_time()\n    work()\n"
    assert timed_assertions(head + "    assert time.process_time() - start < 4") == [
        "assert time.process_time() - start < 4"
    ]
    helper = "import time\ndef took():\n    return time.time()\ndef test_it():\n    assert took() < 4"
    assert timed_assertions(helper) == ["assert took() < 4"]
    assert timed_assertions(head + "    took = time.time() - start\n    assert took < 4") == ["assert took < 4"]
    assert timed_assertions("import psutil\ndef test_it():\n    assert psutil.Process(1).ppid() == 0") == []
    held = "import psutil\ndef test_it():\n    assert psutil.Process(1).memory_info().rss < 4"
    assert len(timed_assertions(held)) == 1
    waiting = "    while not ready() and time.monotonic() < start + 60:\n        time.sleep(0.1)\n    assert ready()"
    assert timed_assertions(head + waiting) == []


def test_hypothesis_judges_no_time_either():
    chosen = hypothesis.settings()
    assert chosen.deadline is None
    assert hypothesis.HealthCheck.too_slow in chosen.suppress_health_check
