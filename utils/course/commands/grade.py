"""``course grade``."""

import click

from utils.course import console


@click.command("grade", cls=console.Command)
@click.argument("folder", metavar="DIR")
@click.option("--assignment", metavar="NAME", help="Only this assignment, such as 03_cnn.")
@click.option("--student", metavar="NAME", help="Only this student.")
@console.at_once("Submissions", "cores")
@click.option(
    "--no-sandbox",
    "open",
    is_flag=True,
    help="Execute students' code without protection, where bubblewrap is missing.",
)
@click.option("--again", is_flag=True, help="Judge also what has not changed since it was judged.")
@console.scheduler
@console.as_json
def command(folder: str, **options: str | bool | int | None) -> int:
    """Grade all that students have sent: each submission in a sandbox, several at a time.

    An answer is called with inputs that only this student has; the checks stay outside of the sandbox. Marks go into
    nbgrader's gradebook and into DIR/grading (CSV for Canvas and Moodle), a page for each student into DIR/feedback.
    A run that was stopped goes on where it was.

    Example: course grade ~/class --assignment 03_cnn
    """
    from utils.course.classroom.grade import How, grade

    return grade(folder, How(**options))
