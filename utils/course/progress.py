"""``course progress``: how far the learner is, read from the outputs of the notebooks in ``work/``."""

from dataclasses import asdict, dataclass

from utils.course import moved, notebooks, results
from utils.course.console import Column, print_json, show_table, terminal
from utils.course.lab import work_folder
from utils.errors import CourseError


@dataclass(frozen=True)
class Progress:
    """A learner's exercises in one chapter: how many passed, were tried without passing, and are open; and points."""

    name: str
    passed: int
    tried: int
    open: int
    points: int
    of: int

    @property
    def exercises(self) -> int:
        """The number of exercises in the chapter."""
        return self.passed + self.tried + self.open


def progress() -> tuple[list[Progress], list[str]]:
    """The Progress of every chapter that is in ``work/``, and the sentences for copies that are not counted.

    These are copies that cannot be read, and copies from an older numbering of the chapters.

    Raises CourseError when there is no ``work/`` yet.
    """
    if not work_folder().is_dir():
        raise CourseError(
            f"There is no {work_folder()} yet: `course lab` makes it, with your own copies of the chapters."
        )
    found, sentences = [], []
    for path in notebooks.chapter_paths():
        copy = work_folder() / path.name
        if copy.exists():
            try:
                found.append(of_chapter(notebooks.read(path), notebooks.read(copy), path.stem))
            except CourseError as error:
                sentences.append(str(error))
    sentences += [f"Not counted: {moved.sentence(*pair)}" for pair in moved.moved(work_folder()).items()]
    return found, sentences


def of_chapter(chapter: dict, copy: dict, name: str) -> Progress:
    """The Progress in a learner's copy. What an unchecked exercise is worth is read from the chapter's own outputs."""
    worth = results.exercises(chapter)
    checked = results.exercises(copy)
    ids = notebooks.exercise_ids(chapter)
    status = [checked.get(identifier, {}).get("status", "open") for identifier in ids]
    return Progress(
        name=name,
        passed=status.count("passed"),
        tried=status.count("wrong"),
        open=status.count("open"),
        points=sum(checked.get(identifier, {}).get("points", 0) for identifier in ids),
        of=sum((checked.get(identifier) or worth.get(identifier) or {}).get("of", 0) for identifier in ids),
    )


def show(as_json: bool) -> None:
    """Print the progress, as a table or as JSON."""
    found, sentences = progress()
    if as_json:
        print_json([asdict(chapter) for chapter in found])
        return

    from rich.progress_bar import ProgressBar

    console = terminal(soft_wrap=True)
    columns = [
        Column("chapter"),
        Column(""),
        *(Column(name, "right") for name in ("passed", "tried", "open", "points")),
    ]
    rows = [
        (
            chapter.name,
            ProgressBar(total=max(chapter.exercises, 1), completed=chapter.passed, width=20),
            str(chapter.passed),
            str(chapter.tried),
            str(chapter.open),
            f"{chapter.points} of {chapter.of}",
        )
        for chapter in found
    ]
    if found:
        show_table(console, columns, rows)
        console.print(
            f"\n{sum(chapter.passed for chapter in found)} of {sum(chapter.exercises for chapter in found)} exercises "
            f"passed, {sum(chapter.points for chapter in found)} of {sum(chapter.of for chapter in found)} points."
        )
    else:
        console.print("No chapter is in work/ yet: `course lab` copies them.")
    for sentence in sentences:
        console.print(sentence, style="red")
