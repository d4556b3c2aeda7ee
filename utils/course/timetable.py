"""Timetables for a class, from the minutes that the chapters say they take."""

from collections.abc import Sequence
from functools import cache

from utils.course import notebooks
from utils.course.notebooks import Chapter

WEEKS = (6, 12, 15)  # how long courses are, for which the teacher's page has a timetable


def minutes(chapter: Chapter) -> int:
    """Of reading and of exercises together."""
    return chapter.minutes["reading"] + chapter.minutes["exercises"]


def timetable(chapters: Sequence[Chapter], weeks: int) -> list[list[Chapter]]:
    """The chapters in their order, dealt to weeks as evenly as can be: by the least sum of squared minutes.

    Where there are more weeks than chapters, the last weeks are empty.
    """
    count = len(chapters)

    def squared(start: int, stop: int) -> int:
        return sum(map(minutes, chapters[start:stop])) ** 2

    @cache
    def best(start: int, left: int) -> tuple[int, tuple[int, ...]]:
        """(the sum, where each further week begins) for the chapters from ``start`` on."""
        if left == 1:
            return squared(start, count), ()
        found = []
        for stop in range(start + 1, count - left + 2):
            rest, places = best(stop, left - 1)
            found.append((rest + squared(start, stop), (stop, *places)))
        return min(found)

    places = [0, *best(0, min(weeks, count))[1], count]
    dealt = [list(chapters[start:stop]) for start, stop in zip(places, places[1:], strict=False)]
    return dealt + [[]] * (weeks - len(dealt))


def table() -> str:
    """The timetables of ``WEEKS`` side by side as Markdown, ending in a newline."""
    chapters = [notebooks.chapter(path) for path in notebooks.chapter_paths()]
    columns = [timetable(chapters, weeks) for weeks in WEEKS]
    head = ["| Week | " + " | ".join(f"{weeks} weeks" for weeks in WEEKS) + " |", "|---:|" + "---|" * len(WEEKS)]
    rows = []
    for week in range(max(WEEKS)):
        cells = [_in_words(column[week]) if week < len(column) else "" for column in columns]
        rows.append(f"| {week + 1} | {' | '.join(cells)} |")
    return "\n".join(head + rows) + "\n"


def _in_words(chapters: Sequence[Chapter]) -> str:
    """``03, 04: 4 h 10 min``."""
    if not chapters:
        return "projects"
    hours, rest = divmod(sum(map(minutes, chapters)), 60)
    return f"{', '.join(f'{one.number:02}' for one in chapters)}: {hours} h {rest:02} min"
