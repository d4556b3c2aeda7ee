"""What a student gets back: their answer, and the sentence of the check; a page that needs nothing else."""

from pathlib import Path
from string import Template

from utils.course.classroom.judging import Judged, Verdict
from utils.course.notebooks import write_atomically
from utils.course.report_page import escape, framed

LOOK = """\
body { max-width: 52rem; }
pre { overflow-x: auto; padding: .75rem .9rem; background: var(--shade); font-size: .85rem; line-height: 1.45; }
.passed { color: var(--good); } .wrong { color: var(--bad); }
"""
BODY = Template("""\
<p class="eyebrow">Deep Learning in Medicine</p>
<h1>$heading</h1>
<dl class="facts"><div><dt>for</dt><dd>$student</dd></div><div><dt>points</dt><dd>$points of $most</dd></div></dl>
$sections
<footer>Each answer was tried on inputs of your own. Points were given by the checks; your teacher may have changed
them since.</footer>
""")
MARKS = {"passed": "✓", "wrong": "✗", "open": "○"}


def write(judged: Judged, folder: Path) -> Path:
    """Write a student's page into ``feedback/STUDENT/ASSIGNMENT/`` of a class; returns its path."""
    path = folder / "feedback" / judged.student / judged.assignment / f"{judged.assignment}.html"
    write_atomically(path, page(judged))
    return path


def page(judged: Judged) -> str:
    """The text of the page."""
    heading = escape(judged.assignment)
    body = BODY.substitute(
        heading=heading,
        student=escape(judged.student),
        points=judged.points,
        most=judged.most,
        sections="\n".join(section(one, judged.sources.get(one.exercise, "")) for one in judged.verdicts),
    )
    return framed(heading, body, LOOK)


def section(verdict: Verdict, source: str) -> str:
    """One exercise: the mark, the sentence, and the answer as it was sent."""
    from utils.exercises.core import get

    words = verdict.message or "right"
    answer = f"<pre>{escape(source)}</pre>" if source else "<p class='soft'>There is no answer.</p>"
    return (
        f"<h2>{MARKS[verdict.status]} Exercise {verdict.exercise}: {escape(get(verdict.exercise).title)} "
        f"<span class='soft'>{verdict.points} of {verdict.most}</span></h2>\n"
        f"<p class='{verdict.status}'>{escape(words)}</p>\n{answer}"
    )
