"""``course sweep``: one chapter at every point of a grid, with several seeds; what each claim measures there.

Each run is an execution like any other, so that it is served from the cache when it has been made before: a sweep that
was interrupted goes on where it was. Its claims are recorded and not judged, since a sweep asks for settings that miss
some on purpose.
"""

import csv
import io
import itertools
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.text import Text
from scipy.stats import t as student

from utils.claims import Claim
from utils.course import notebooks, outputs
from utils.course.console import INTERRUPTED, Column, show_table, terminal
from utils.course.jobs import Job
from utils.course.results import ChapterResult
from utils.course.run import How, carry_out, parse_parameters, refuse_unknown, typed
from utils.errors import UsageError

Point = tuple[tuple[str, object], ...]  # the parameters at one place of the grid, with their names
MOST_RUNS = 10_000


@dataclass(frozen=True)
class Measured:
    """What one claim measured at one point.

    Attributes
    ----------
    name : str
        The claim's.
    point : tuple of (name, value)
    claims : dict
        Seed → Claim, where it has a finite value. A run that failed before the claim has none.
    """

    name: str
    point: Point
    claims: dict[int, Claim] = field(default_factory=dict)

    @property
    def values(self) -> list[float]:
        """The values, by seed."""
        return [claim.value for claim in self.claims.values()]

    @property
    def band(self) -> Claim:
        """A claim, for its band; that may depend on the seed, and then this is the first one's."""
        return next(iter(self.claims.values()))

    @property
    def missed(self) -> int:
        """How many values lie outside of the claim's band."""
        return sum(not claim.ok for claim in self.claims.values())

    @property
    def mean(self) -> float:
        """The mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean over seeds, by Student's t; None for a single seed."""
        n = len(self.values)
        if n < 2:
            return None
        half = float(student.ppf(0.975, n - 1)) * statistics.stdev(self.values) / n**0.5
        return self.mean - half, self.mean + half

    def words(self) -> str:
        """``0.93 (0.91 to 0.95)``, and how many seeds lie outside of the claim's band."""
        text = f"{self.mean:.3g}"
        if self.interval:
            text += " ({:.3g} to {:.3g})".format(*self.interval)
        return text + (f", {self.missed} of {len(self.values)} out of band" if self.missed else "")


@dataclass(frozen=True)
class Sweep:
    """All runs of a sweep, and what came of them.

    Attributes
    ----------
    chapter, profile : str
    points : list of Point
    seeds : list of int
    results : dict
        (point, seed) → ChapterResult.
    notes : list of str
    """

    chapter: str
    profile: str
    points: list[Point]
    seeds: list[int]
    results: dict[tuple[Point, int], ChapterResult]
    notes: list[str]

    @property
    def failed(self) -> list[ChapterResult]:
        """The runs that did not come to their end."""
        return [result for result in self.results.values() if result.status == "failed"]

    def measured(self, words: str = "") -> list[Measured]:
        """What the claims measured whose name holds these words, claim by claim and point by point."""
        found: dict[tuple[str, Point], Measured] = {}
        for (point, seed), claim in self._claims():
            if words.lower() in claim.name.lower() and claim.value is not None:
                found.setdefault((claim.name, point), Measured(claim.name, point)).claims[seed] = claim
        names = dict.fromkeys(name for name, _ in found)
        return [found[name, point] for name in names for point in self.points if (name, point) in found]

    def _claims(self) -> Iterator[tuple[tuple[Point, int], Claim]]:
        for key, result in self.results.items():
            for claim in result.claims:
                yield key, claim

    def as_json(self) -> str:
        """The text of ``sweep.json``: every run with all its claims."""
        runs = [
            {"parameters": dict(point), "seed": seed, **result.as_json()}
            for (point, seed), result in self.results.items()
        ]
        content = {"chapter": self.chapter, "profile": self.profile, "notes": self.notes, "runs": runs}
        return json.dumps(content, indent=2, ensure_ascii=False, default=repr) + "\n"

    def as_csv(self, words: str = "") -> str:
        """The text of ``sweep.csv``: one row per claim and point, for a spreadsheet."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [name for name, _ in self.points[0]]
        seeds = [f"seed {seed}" for seed in self.seeds]
        writer.writerow(["claim", *names, "mean", "low", "high", "outside of the band", *seeds])
        for one in self.measured(words):
            values = [one.claims[seed].value if seed in one.claims else "" for seed in self.seeds]
            ends = one.interval or ("", "")
            writer.writerow([one.name, *(value for _, value in one.point), one.mean, *ends, one.missed, *values])
        return text.getvalue()

    def show(self, words: str = "") -> None:
        """Print a table, one row per claim and a column per point, and why runs failed."""
        console = terminal()
        console.print()
        measured = self.measured(words)
        by_claim = itertools.groupby(measured, key=lambda one: one.name)
        cells = {name: {one.point: one.words() for one in ones} for name, ones in by_claim}
        columns = [Column("claim"), *(Column(in_words(point) or "mean over seeds") for point in self.points)]
        rows = [(name, *(there.get(point, "–") for point in self.points)) for name, there in cells.items()]
        show_table(console, columns, rows)
        for note in self.notes:
            console.print(Text(f"\n{note}", "yellow"), soft_wrap=True)
        for result in self.failed:
            console.print(Text.assemble(("\n" + result.name + ": ", "bold red"), result.error or ""), soft_wrap=True)


def sweep(name: str, grid: Sequence[str], seeds: int, profile: str, words: str, out: str | Path, how: How) -> int:
    """Execute a chapter over a grid, write and show the table and the plot. Returns the exit code.

    Raises UsageError, before anything is executed, for an unknown chapter, profile, parameter or value.
    """
    notebooks.refuse_unknown_profile(profile)
    [path] = notebooks.select([name])
    points = points_of(grid)
    refuse_unknown([key for key, _ in points[0]], [path])
    if len(points) * seeds > MOST_RUNS:
        raise UsageError(
            f"These are {len(points) * seeds:,} runs, more than {MOST_RUNS:,}: take fewer values or seeds."
        )
    folder = outputs.safe_folder(out)
    jobs = jobs_of(path, points, seeds, profile, folder, how)
    if not how.as_json:
        terminal(stderr=True).print(f"{path.stem}, {profile}: {len(jobs)} runs, {len(points)} points × {seeds} seeds")
    report, interrupted = carry_out(list(jobs.values()), folder, how)
    results = dict(zip(jobs, report.results, strict=True))
    done = Sweep(path.stem, profile, points, list(range(seeds)), results, report.notes)
    if words and not done.measured(words) and not done.failed:
        names = ", ".join(dict.fromkeys(one.name for one in done.measured()))
        raise UsageError(f"No claim of {path.stem} holds the words {words!r}; there are: {names}.")
    written = write(done, folder, words)
    if how.as_json:
        sys.stdout.write(done.as_json())
    else:
        done.show(words)
        terminal().print(f"\nTable and plot: {written}", soft_wrap=True, markup=False)
    return INTERRUPTED if interrupted else int(bool(done.failed))


def points_of(grid: Sequence[str]) -> list[Point]:
    """``["rate=0.01,0.1", "width=8"]`` → the points of the grid, the last name changing fastest.

    Raises UsageError for a word that is no such list, for a name that comes twice, and for seeds and profiles, which
    have options of their own.
    """
    values: dict[str, list] = {}
    for word in grid:
        name, equals, listed = word.partition("=")
        texts = listed.split(",")
        if not equals or not all(text.strip() for text in texts):
            raise UsageError(f"--grid takes a name and its values, as in learning_rate=0.01,0.1; this is {word!r}.")
        if name == "seed":
            raise UsageError("Seeds have an option of their own: --seeds 5 takes the seeds 0 to 4.")
        if name in values:
            raise UsageError(f"--grid {name} is there twice: list its values once, with commas.")
        parse_parameters([(name, text) for text in texts])  # the same words of refusal as of `course run -p`
        values[name] = [typed(text.strip()) for text in texts]
        if len(set(map(repr, values[name]))) < len(texts):
            raise UsageError(f"--grid {name} has a value twice: {listed}.")
    return [tuple(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def jobs_of(
    path: Path, points: Sequence[Point], seeds: int, profile: str, folder: Path, how: How
) -> dict[tuple[Point, int], Job]:
    """(point, seed) → the Job that executes the chapter there."""
    jobs = {}
    for number, point in enumerate(points):
        for seed in range(seeds):
            label = " ".join(filter(None, [path.stem, in_words(point), f"seed={seed}"]))
            output = folder / f"{path.stem}-{number + 1:03}-seed-{seed}.ipynb"
            jobs[point, seed] = how.job(path, output, profile, {**dict(point), "seed": seed}, judged=False, label=label)
    return jobs


def in_words(point: Point) -> str:
    """``learning_rate=0.01 width=8``; nothing for a sweep over seeds alone."""
    return " ".join(f"{name}={value}" for name, value in point)


def write(done: Sweep, folder: Path, words: str = "") -> Path:
    """Write ``sweep.json``, ``sweep.csv``, ``sweep.png`` and ``sweep.html``; returns the path of the last."""
    from utils.course import sweep_page

    notebooks.write_atomically(folder / "sweep.json", done.as_json())
    notebooks.write_atomically(folder / "sweep.csv", done.as_csv(words))
    if measured := done.measured(words):
        sweep_page.draw(measured).savefig(folder / "sweep.png", dpi=120)
    notebooks.write_atomically(folder / "sweep.html", sweep_page.page(done, words))
    return folder / "sweep.html"
