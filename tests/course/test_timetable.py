"""A class's timetable: every chapter once, in order, and no other dealing is more even."""

import itertools
import random

import pytest
from conftest import CHAPTERS, ROOT

from utils.course import notebooks, readme, timetable
from utils.course.notebooks import Chapter


def chapter(number, minutes):
    split = {"reading": minutes, "exercises": 0}
    return Chapter(f"{number:02}_x", number, "X", split, (), (), (), (), ())


@pytest.mark.parametrize("seed", range(20))
def test_no_other_dealing_is_more_even(seed):
    draw = random.Random(seed)
    chapters = [chapter(number, draw.randint(1, 100)) for number in range(draw.randint(1, 8))]
    weeks = draw.randint(1, 10)
    dealt = timetable.timetable(chapters, weeks)
    assert len(dealt) == weeks
    assert [one for week in dealt for one in week] == chapters
    least = min(
        sum(sum(map(timetable.minutes, chapters[a:b])) ** 2 for a, b in itertools.pairwise((0, *cuts, len(chapters))))
        for cuts in itertools.combinations(range(1, len(chapters)), min(weeks, len(chapters)) - 1)
    )
    assert sum(sum(map(timetable.minutes, week)) ** 2 for week in dealt) == least


def test_the_teachers_page_has_the_table_of_todays_chapters():
    text = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
    assert readme.with_table(text, "TEACHING.md") == text
    assert len(timetable.timetable([notebooks.chapter(path) for path in CHAPTERS], 6)) == 6


def test_more_weeks_than_chapters_leave_time_for_projects():
    assert timetable.timetable([chapter(0, 10)], 3) == [[chapter(0, 10)], [], []]
