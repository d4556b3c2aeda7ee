"""The applications of chapters 07 to 11: deep models and baselines on the same split, with intervals, in one table.

Each task runs in a process of its own, so that its peak memory is its own. Choices are made on validation parts; the
test part is read once. Where a baseline wins, the table says so.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import date
from importlib import import_module
from pathlib import Path

from measure import against
from tasks import Score

MODULES = ("images", "records", "sequences", "molecules")
BY_NAME = ("transfer",)  # takes as long as all the others together: its tasks run when they are named
LIMIT_SECONDS = 25 * 60
LIMIT_MEGABYTES = 4000


def tasks():
    """All tasks: name → module."""
    return {name: module for module in (*MODULES, *BY_NAME) for name in import_module(f"tasks.{module}").TASKS}


def run_here(module, name, seeds):
    """Run one task in this process; returns its scores and its peak memory as a dict."""
    import resource

    scores = import_module(f"tasks.{module}").TASKS[name](seeds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, but bytes on macOS
    return {"scores": [asdict(score) for score in scores], "mb": peak / (1e6 if sys.platform == "darwin" else 1e3)}


def run_apart(module, name, seeds):
    """Run one task in a process of its own; returns what ``run_here`` returns there, or None when it failed."""
    command = [sys.executable, __file__, "--here", module, name, "--seeds", *map(str, seeds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def show(scores, megabytes):
    """Print the rows of one process, as Markdown; each task's name stands in its first row, the memory in the first."""
    before = None
    for place, score in enumerate(Score(**score) for score in scores):
        task = "" if score.task == before else score.task + (f" ({megabytes:,.0f} MB)" if place == 0 else "")
        before = score.task
        value = f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"
        print(
            f"| {task} | {score.model} | {score.metric} | {value} | {score.seconds:.0f} | {score.published} |",
            flush=True,
        )


def arguments():
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="TASK", help="tasks to run; without a name all but those of transfer"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="seeds (0 1 2)")
    parser.add_argument("--here", metavar="MODULE", help=argparse.SUPPRESS)
    return parser, parser.parse_args()


if __name__ == "__main__":
    parser, chosen = arguments()
    if chosen.here:
        found = run_here(chosen.here, chosen.names[0], chosen.seeds)
        print(json.dumps(found))
        sys.exit()
    there = tasks()
    unknown = [name for name in chosen.names if name not in there]
    if unknown:
        parser.error(f"there is no task {unknown[0]!r}; there are {', '.join(there)}")
    started, peak, failed = time.perf_counter(), 0.0, []
    print(f"{date.today()}, seeds {', '.join(map(str, chosen.seeds))}\n")
    print("| Task (peak memory) | Model | Score | Test part, with 95 % interval | Seconds | Published |")
    print("|---|---|---|---|---:|---|")
    for name in chosen.names or [name for name in there if there[name] not in BY_NAME]:
        found = run_apart(there[name], name, chosen.seeds)
        if found is None:
            failed.append(name)
            continue
        show(found["scores"], found["mb"])
        peak = max(peak, found["mb"])
    print()
    kept = [against("peak memory", peak, LIMIT_MEGABYTES, "MB")]
    if not chosen.names:
        kept.append(against("all applications", time.perf_counter() - started, LIMIT_SECONDS, "s"))
    if failed:
        print(f"failed: {', '.join(failed)}")
    sys.exit(bool(failed) or not all(kept))
