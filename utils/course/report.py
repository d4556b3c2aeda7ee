"""The report of a run: ``report.json`` for machines, ``junit.xml`` for CI, ``report.html`` and a table for people."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from utils.course.console import Column, show_table, terminal
from utils.course.notebooks import write_atomically
from utils.course.results import ChapterResult
from utils.course.screens import MARKS


@dataclass(frozen=True)
class Report:
    """What a run was and what came of it.

    Attributes
    ----------
    profile : str
    wall_seconds : float
    results : list of ChapterResult
    edition : {"untouched", "solved"}
    parameters : dict
        Parameters that were given other values.
    notes : list of str
        Sentences on what did not go as usual, such as a cache that cannot be used.
    """

    profile: str
    wall_seconds: float
    results: list[ChapterResult]
    edition: str = "untouched"
    parameters: dict = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether any chapter failed."""
        return any(result.status == "failed" for result in self.results)

    def as_json(self) -> str:
        """The text of ``report.json``."""
        content = {
            "profile": self.profile,
            "edition": self.edition,
            "parameters": {name: _plain_value(value) for name, value in self.parameters.items()},
            "notes": self.notes,
            "wall_seconds": round(self.wall_seconds, 2),
            "chapters": [result.as_json() for result in self.results],
        }
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def as_junit(self) -> str:
        """The text of ``junit.xml``: a suite per chapter, with a case for its execution and one for each claim.

        A claim that was recorded without being judged is a case that was skipped.
        """
        suites = ElementTree.Element("testsuites", name=f"course {self.profile}", time=f"{self.wall_seconds:.2f}")
        for result in self.results:
            missed = [claim for claim in result.claims if claim.missed]
            broken = result.status == "failed" and not (result.reason == "claim" and missed)
            suite = ElementTree.SubElement(
                suites,
                "testsuite",
                name=result.name,
                tests=str(1 + len(result.claims)),
                failures=str(len(missed) + broken),
                skipped=str(sum(not claim.judged for claim in result.claims)),
                time=f"{result.seconds:.2f}",
            )
            case = ElementTree.SubElement(
                suite, "testcase", classname=result.name, name="executes", time=f"{result.seconds:.2f}"
            )
            if broken:
                ElementTree.SubElement(case, "failure", type=result.reason, message=_plain(result.error))
            for claim in result.claims:
                name = _plain(f"claim: {claim.name}")
                case = ElementTree.SubElement(suite, "testcase", classname=result.name, name=name)
                if claim.missed:
                    ElementTree.SubElement(case, "failure", type="claim", message=claim.verdict())
                elif not claim.judged:
                    ElementTree.SubElement(case, "skipped", message=claim.verdict())
        ElementTree.indent(suites)
        return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"

    def show(self) -> None:
        """Print the table that ends a run, and below it why chapters failed."""
        console = terminal()
        console.print()
        columns = [Column(""), Column("chapter"), *(Column(name, "right") for name in ("cells", "time", "memory"))]
        rows = [
            (
                MARKS[result.status],
                result.name,
                str(result.cells),
                Text("cached", "dim") if result.cached else f"{result.seconds:.1f} s",
                f"{result.peak_rss_mb:,.0f} MB",
                result.kept,
            )
            for result in self.results
        ]
        show_table(console, [*columns, Column("claims", "right")], rows)
        self.show_troubles(console)

    def show_troubles(self, console: Console) -> None:
        """Print what did not go as usual, and why chapters failed."""
        for note in self.notes:
            console.print(Text(f"\n{note}", "yellow"), soft_wrap=True)
        for result in self.results:
            if result.error:
                console.print(Text.assemble(("\n" + result.name + ": ", "bold red"), result.error), soft_wrap=True)

    def explain(self) -> None:
        """Print for each chapter why it was executed, or why it did not have to be."""
        console = terminal()
        console.print()
        for result in self.results:
            what = "served from the cache" if result.cached else "executed"
            why = result.why or "nothing was looked up in the cache"
            console.print(Text.assemble((result.name, "bold"), f"  {what}: {why}."), soft_wrap=True)

    def write(self, folder: str | Path) -> Path:
        """Write the three files into a folder and return the path of ``report.html``."""
        from utils.course.report_page import page

        folder = Path(folder)
        write_atomically(folder / "report.json", self.as_json())
        write_atomically(folder / "junit.xml", self.as_junit())
        write_atomically(folder / "report.html", page(self))
        return folder / "report.html"


def _plain(text: str | None) -> str:
    """Text without the control characters that XML forbids."""
    return "".join(character for character in text or "" if character.isprintable() or character in "\t\n")


def _plain_value(value: object) -> object:
    """A parameter as JSON can hold it: ``nan`` and ``inf`` as text."""
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value
