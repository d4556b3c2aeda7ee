"""``course sweep``: every point of the grid with every seed, recorded and not judged; stopped and gone on with."""

import csv
import json

import numpy as np
import pytest
from scipy import stats

from utils.claims import Claim
from utils.course import sweep
from utils.course.results import ChapterResult
from utils.errors import UsageError

PARAMETERS = 'profile = "quick"\nseed = 0\nrate = 0.1\nname = "a"'
MEASURE = """
from utils.claims import claim
claim("score", 10 * rate + seed / 10, at_least=1.05)
claim("length", len(name), at_most=5)
"""


@pytest.fixture
def chapter(course):
    return course.chapter("03_x", MEASURE, parameters=(PARAMETERS,))


def rows(course):
    with (course.root / "out" / "sweep.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_point_with_each_seed(call, course, chapter):
    grid = ["--grid", "rate=0.1,0.2", "--grid", "name=b,cc", "--seeds", 2, "--jobs", 2]
    code, printed, shown = call("sweep", 3, *grid, "--out", course.root / "out")
    assert code == 0, printed + shown
    assert "8 runs, 4 points × 2 seeds" in shown
    score = [row for row in rows(course) if row["claim"] == "score"]
    assert [(row["rate"], row["name"]) for row in score] == [("0.1", "b"), ("0.1", "cc"), ("0.2", "b"), ("0.2", "cc")]
    assert [float(row["mean"]) for row in score] == pytest.approx([1.05, 1.05, 2.05, 2.05])
    assert [row["outside of the band"] for row in score] == ["1", "1", "0", "0"]  # recorded, and no failure
    assert [float(row["mean"]) for row in rows(course) if row["claim"] == "length"] == [1, 2, 1, 2]
    runs = course.read("out/sweep.json")["runs"]
    assert {(run["parameters"]["rate"], run["seed"], run["status"]) for run in runs} == {
        (rate, seed, "ok") for rate in (0.1, 0.2) for seed in (0, 1)
    }
    notebooks = {path.name for path in (course.root / "out").glob("*.ipynb")}
    assert notebooks == {f"03_x-{point:03}-seed-{seed}.ipynb" for point in (1, 2, 3, 4) for seed in (0, 1)}
    page = (course.root / "out" / "sweep.html").read_text(encoding="utf-8")
    assert "rate=0.2 name=cc" in page and "1 of 2 out of band" in page and "data:image/png" in page
    assert (course.root / "out" / "sweep.png").stat().st_size > 1000
    assert "1.05 (-0.22" not in printed and "1 of 2 out of band" in printed

    more = ["--grid", "rate=0.1,0.2,0.3", "--grid", "name=b,cc", "--seeds", 2]  # what was done is not done again
    code, printed, _ = call("sweep", 3, *more, "--claim", "SCORE", "--json", "--out", course.root / "out")
    assert code == 0
    assert [run["cached"] for run in json.loads(printed)["runs"]] == [True] * 8 + [False] * 4
    assert {row["claim"] for row in rows(course)} == {"score"}


def test_a_run_of_the_course_is_judged_all_the_same(call, course, chapter):
    assert call("sweep", 3, "--seeds", 1, "--out", course.root / "out")[0] == 0
    code, printed, _ = call("run", 3, "--out", course.root / "out2")
    assert code == 1
    assert "'score' was missed" in printed


def test_a_run_that_fails_leaves_the_others(call, course):
    course.chapter("03_x", "assert seed != 1, 'not this one'", MEASURE, parameters=(PARAMETERS,))
    code, printed, _ = call("sweep", 3, "--out", course.root / "out")
    assert code == 1
    assert "03_x seed=1: " in printed and "not this one" in printed
    [score] = [row for row in rows(course) if row["claim"] == "score"]
    assert (score["seed 0"], score["seed 1"], score["seed 2"]) == ("1.0", "", "1.2")
    assert float(score["mean"]) == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--grid", "rate"], "--grid takes a name and its values, as in learning_rate=0.01,0.1; this is 'rate'."),
        (["--grid", "rate=0.1,,2"], "this is 'rate=0.1,,2'."),
        (["--grid", "rate=1,1"], "--grid rate has a value twice: 1,1."),
        (["--grid", "rate=1", "--grid", "rate=2"], "--grid rate is there twice: list its values once, with commas."),
        (["--grid", "seed=1,2"], "--seeds 5 takes the seeds 0 to 4."),
        (["--grid", "profile=smoke"], "The profile has an option of its own"),
        (["--grid", "width=1"], "03_x has no parameter 'width'; it has profile, seed, rate, name."),
        (
            ["--grid", "rate=" + ",".join(map(str, range(400))), "--seeds", 26],
            "These are 10,400 runs, more than 10,000",
        ),
        (["--seeds", 0], "is not in the range"),
        (["--profile", "fast"], "There is no profile 'fast'"),
        (["--out", "chapters"], "would put results over the notebooks"),
    ],
)
def test_wrong_words_are_refused_before_anything_runs(call, course, chapter, words, sentence, monkeypatch):
    monkeypatch.setattr("utils.course.sweep.carry_out", lambda *_: pytest.fail("something was executed"))
    monkeypatch.chdir(course.root)
    code, _, said = call("sweep", 3, *words)
    assert code == 2
    assert sentence in said


def test_a_claim_that_there_is_not(call, course, chapter):
    code, _, said = call("sweep", 3, "--seeds", 1, "--claim", "AUC", "--out", course.root / "out")
    assert code == 2
    assert "No claim of 03_x holds the words 'AUC'; there are: score, length." in said


def test_the_interval_is_students():
    values = np.random.default_rng(0).normal(size=7)
    claims = {seed: Claim("a", value, low=0.0) for seed, value in enumerate(values)}
    one = sweep.Measured("a", (), claims)
    expected = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    assert one.interval == pytest.approx(expected)
    assert one.missed == (values < 0).sum()
    assert sweep.Measured("a", (), {0: claims[0]}).interval is None


def test_a_value_that_is_not_finite_is_left_out():
    def result(value):
        return ChapterResult("x", claims=[Claim("a", value, low=0.0)])

    done = sweep.Sweep("x", "quick", [()], [0, 1], {((), 0): result(float("nan")), ((), 1): result(2.0)}, [])
    [one] = done.measured()
    assert (one.values, one.words()) == ([2.0], "2")


def test_a_value_may_not_be_left_open():
    with pytest.raises(UsageError, match="takes a name"):
        sweep.points_of(["rate="])
    assert sweep.points_of([]) == [()]
    assert sweep.points_of(["a=1", "b=x,None"]) == [(("a", 1), ("b", "x")), (("a", 1), ("b", None))]
