"""Where each chapter's seconds go: a look at the kernel's main thread every hundredth of a second.

``where.py`` runs all chapters one after the other, ``where.py 05 10`` some of them. Each look counts for the time since
the look before, and belongs to one kind of work by the functions that are running then. While TensorFlow works in C++,
the Python function that waits for it is the one that is seen.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVERY_SECONDS = 0.01
START, SUM = "start", "sum"
# Kind of work → how its functions are known. A look belongs to the first kind of which one function is running.
KINDS = {
    "imports": ("importlib._bootstrap>:_find_and_load",),
    "drawing": ("/matplotlib/", "/matplotlib_inline/", "/PIL/PngImagePlugin"),
    "tracing": (
        "/framework/func_graph.py:func_graph_from_py_func",
        "/eager/polymorphic_function/",  # taken back below for the call of what is traced and compiled already
        "/keras/src/ops/symbolic_arguments",
        "/keras/src/backend/tensorflow/core.py:compute_output_spec",
    ),
    "statistics": ("/utils/metrics/", "/scipy/stats/", "/sklearn/metrics/"),
    "evaluation": (
        "/backend/tensorflow/trainer.py:evaluate",
        "/backend/tensorflow/trainer.py:predict",
        "/backend/tensorflow/trainer.py:test_on_batch",
        "/utils/nn/inference.py:predict:",
    ),
    "steps": (
        "/backend/tensorflow/trainer.py:fit",
        "/backend/tensorflow/trainer.py:train_on_batch",
        "/utils/nn/training.py:run:",
    ),
    "classical": ("/sklearn/", "/scipy/optimize/", "/lifelines/", "/utils/applications/image_baselines.py"),
    "data": ("/utils/datasets/", "/utils/features/", "/rdkit/", "/PIL/", "/pandas/", "/nibabel/", "/pydicom/"),
    "eager": ("/tensorflow/", "/keras/src/"),
}
COLUMNS = (START, *KINDS, "other", SUM)
CALL = "/eager/context.py:call_function"  # waits for a compiled graph, whose name it holds


class Looks:
    """In the kernel: a thread that looks at the main thread, and what it has seen.

    ``seen`` holds (cell, kind, functions that are running) → [seconds, seconds of all processors].
    """

    def __init__(self, path: str):
        from IPython import get_ipython

        self.path, self.cell, self.over = path, -1, threading.Event()
        self.start = [time.time(), time.process_time()]
        self.seen, self.called, self.waiting = {}, set(), None
        self.main = threading.main_thread().ident
        get_ipython().events.register("pre_run_cell", self._next_cell)
        self.thread = threading.Thread(target=self._look, daemon=True, name="where")
        self.thread.start()

    def _next_cell(self, _):
        self.cell += 1

    def _look(self):
        clocks = time.perf_counter(), time.process_time()
        while not self.over.wait(EVERY_SECONDS):
            now = time.perf_counter(), time.process_time()
            frame = sys._current_frames().get(self.main)
            functions, first = functions_of(frame), self._first_call(frame)
            place = self.seen.setdefault((self.cell, kind(functions, first), functions), [0.0, 0.0])
            for number, (earlier, later) in enumerate(zip(clocks, now, strict=True)):
                place[number] += later - earlier
            clocks = now

    def _first_call(self, frame):
        """Whether a graph is being called for the first time, when TensorFlow prepares and compiles it."""
        while frame is not None and not frame.f_code.co_filename.endswith("/eager/context.py"):
            frame = frame.f_back
        if frame is None or frame.f_code.co_name != "call_function":
            self.waiting = None
            return False
        name = frame.f_locals.get("name")
        first = name not in self.called or frame is self.waiting
        self.called.add(name)
        self.waiting = frame if first else None
        return first

    def write(self):
        """End, and write what was seen."""
        self.over.set()
        self.thread.join()
        rows = [[*key, *value] for key, value in self.seen.items()]
        Path(self.path).write_text(json.dumps({"start": self.start, "seen": rows}), encoding="utf-8")


def functions_of(frame) -> tuple[str, ...]:
    """The functions that are running, the innermost first: ``file:function:line``."""
    found = []
    while frame is not None:
        code = frame.f_code
        found.append(f"{code.co_filename}:{code.co_name}:{frame.f_lineno}")
        frame = frame.f_back
    return tuple(found)


def kind(functions: tuple[str, ...], first_call: bool = False) -> str:
    """The kind of work that functions do, the innermost of them first."""
    compiled = any(CALL in function for function in functions[:3])
    for name, signs in KINDS.items():
        if name == "tracing" and compiled:
            if first_call:
                return name
            continue
        if any(sign in function for function in functions for sign in signs):
            return name
    return "other"


def begin(path: str) -> None:
    """In the kernel, before the first cell."""
    global looks
    looks = Looks(path)


def end() -> None:
    """In the kernel, after the last cell."""
    looks.write()


def look_at(chapter: Path, profile: str) -> dict:
    """Execute a chapter, and return what was seen: ``cells`` (their names) and ``seen`` (rows: cell, kind, functions,
    seconds, processor seconds), the start of the kernel among them. Exits when the chapter fails."""
    from nbformat.v4 import new_code_cell

    from utils.course.execute import prepare, run_cells
    from utils.course.jobs import Job
    from utils.course.kernel import Watch

    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "seen.json"))
        notebook, values = prepare(Job(chapter, profile=profile))
        names = [cell.id for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        # The names of the chapter are left alone: one chapter has a "where" of its own.
        ours = f"__import__('sys').path.append({str(ROOT / 'bench')!r})", f"__import__('where').begin({path!r})"
        ends = "__import__('sys').path.pop();", "__import__('sys').modules['where'].end()"
        notebook.cells = [new_code_cell("\n".join([*ours, ends[0]])), *notebook.cells, new_code_cell(ends[1])]
        started = time.time()
        if failure := run_cells(notebook, values, 3600, watch):
            sys.exit(f"{chapter.stem}: {failure[1]}")
        written = json.loads(Path(path).read_text(encoding="utf-8"))
    if values:  # papermill puts a cell after the parameters
        names.insert(names.index("parameters") + 1, "injected-parameters")
    clock, processor = written["start"]
    rows = [[-1, START, [], clock - started, processor], *written["seen"]]
    return {"cells": names, "seen": rows}


def shares(seen: list, measure: int) -> Counter:
    """Seconds by kind, and their sum. measure: 3 for the clock on the wall, 4 for processor seconds."""
    found = Counter()
    for row in seen:
        found[row[1]] += row[measure]
        found[SUM] += row[measure]
    return found


def table(found: dict[str, Counter]) -> str:
    """Markdown: a row per chapter, its seconds by kind."""
    lines = ["| chapter | " + " | ".join(COLUMNS) + " |", "|---" + "|---:" * len(COLUMNS) + "|"]
    if len(found) > 1:
        found = found | {"all": sum(found.values(), Counter())}
    for name, seconds in found.items():
        lines.append(f"| {name} | " + " | ".join(f"{seconds[column]:.1f}" for column in COLUMNS) + " |")
    return "\n".join(lines)


def dearest_cells(looked: dict, measure: int, most: int = 10) -> str:
    """The cells that take longest, each with its two largest kinds."""
    cells = {}
    for row in looked["seen"]:
        if row[0] >= 0:
            cells.setdefault(row[0], []).append(row)
    lines = []
    for number, rows in sorted(cells.items(), key=lambda item: -shares(item[1], measure)[SUM])[:most]:
        found = shares(rows, measure)
        name = looked["cells"][number] if number < len(looked["cells"]) else "after the last"
        largest = [pair for pair in found.most_common(4) if pair[0] != SUM]
        lines.append(f"  {found[SUM]:6.1f}  {name:<22} " + ", ".join(f"{what} {much:.1f}" for what, much in largest))
    return "\n".join(lines)


def dearest_stacks(looked: dict, measure: int, most: int = 15, part: str = "") -> str:
    """What takes longest, by the lines of the course and of the chapter that wait for it."""
    found = Counter()
    for row in looked["seen"]:
        cell = looked["cells"][row[0]] if 0 <= row[0] < len(looked["cells"]) else "-"
        utils = str(ROOT / "utils")
        ours = [function.removeprefix(utils + "/") for function in row[2] if function.startswith(utils)]
        lines = [function.rsplit(":", 1)[-1] for function in row[2] if "/ipykernel_" in function]
        inner = [function.rsplit("/", 1)[-1] for function in row[2] if not function.startswith(utils)][:1]
        if not part or part == row[1]:
            found[row[1], cell, ",".join(lines[:2]), " < ".join(ours[:4]), "".join(inner)] += row[measure]
    return "\n".join(
        f"  {seconds:6.1f}  {what:<10} {cell}:{line}  {ours}  [{inner}]"
        for (what, cell, line, ours, inner), seconds in found.most_common(most)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="NN", help="numbers of chapters; all without one")
    parser.add_argument("--profile", default="quick", choices=("smoke", "quick", "full"))
    parser.add_argument("--processor", action="store_true", help="seconds of all processors, not of the clock")
    parser.add_argument("--cells", action="store_true", help="the ten dearest cells of each chapter, too")
    parser.add_argument("--stacks", action="store_true", help="the dearest lines of each chapter, too")
    parser.add_argument("--kind", default="", help="with --stacks: of this kind of work only")
    parser.add_argument("--keep", type=Path, help="a folder for all that was seen, as JSON")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    measure, found = 4 if asked.processor else 3, {}
    for chapter in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb")):
        if asked.chapters and chapter.stem[:2] not in asked.chapters:
            continue
        looked = look_at(chapter, asked.profile)
        found[chapter.stem] = shares(looked["seen"], measure)
        print(f"{chapter.stem}: {found[chapter.stem][SUM]:.0f} s", file=sys.stderr)
        if asked.cells:
            print(dearest_cells(looked, measure), file=sys.stderr)
        if asked.stacks:
            print(dearest_stacks(looked, measure, part=asked.kind), file=sys.stderr)
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            (asked.keep / f"{chapter.stem}.json").write_text(json.dumps(looked), encoding="utf-8")
    clock = "seconds of all processors" if asked.processor else "seconds"
    print(f"{asked.profile}, {clock}, {date.today():%Y-%m-%d}\n\n{table(found)}")


if __name__ == "__main__":
    main()
