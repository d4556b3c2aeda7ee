"""``course release``."""

import click

from utils.course import console


@click.command("release", cls=console.Command)
@console.chapters
@click.option("--to", required=True, metavar="DIR", help="The folder of the class, made or renewed.")
def command(chapters: tuple[str, ...], to: str) -> int:
    """Make an nbgrader course of the chapters, one assignment per chapter, ready for a class.

    DIR/release holds what students get. What they send goes into DIR/submitted/STUDENT/ASSIGNMENT/. Made again after an
    update of the course, submissions and grades stay. Needs the extra `classroom`.

    Example: course release 01 02 03 --to ~/class
    """
    from utils.course.classroom.release import release

    return release(chapters, to)
