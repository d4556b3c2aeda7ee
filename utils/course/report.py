"""The report of a run: ``report.json`` for machines, ``junit.xml`` for CI, ``report.html`` and a table for people."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Group
from rich.table import Table
from rich.text import Text

from utils.course.execute import verdict
from utils.course.notebooks import write_atomically
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
    """

    profile: str
    wall_seconds: float
    results: list
    edition: str = "untouched"
    parameters: dict = field(default_factory=dict)

    @property
    def failed(self):
        """Whether any chapter failed."""
        return any(result.status == "failed" for result in self.results)

    def as_json(self):
        """The text of ``report.json``."""
        content = {
            "profile": self.profile,
            "wall_seconds": round(self.wall_seconds, 2),
            "chapters": [result.as_json() for result in self.results],
        }
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def as_junit(self):
        """The text of ``junit.xml``: a suite for each chapter, with a case for its execution and one for each claim."""
        suites = ElementTree.Element("testsuites", name=f"course {self.profile}", time=f"{self.wall_seconds:.2f}")
        for result in self.results:
            judged = self.profile != "smoke"
            missed = [claim for claim in result.claims if judged and not claim["ok"]]
            broken = result.status == "failed" and not (missed and "claim" in result.error)
            suite = ElementTree.SubElement(
                suites,
                "testsuite",
                name=result.name,
                tests=str(1 + len(result.claims)),
                failures=str(len(missed) + broken),
                time=f"{result.seconds:.2f}",
            )
            case = ElementTree.SubElement(
                suite, "testcase", classname=result.name, name="executes", time=f"{result.seconds:.2f}"
            )
            if broken:
                ElementTree.SubElement(case, "failure", message=_plain(result.error))
            for claim in result.claims:
                case = ElementTree.SubElement(suite, "testcase", classname=result.name, name=f"claim: {claim['name']}")
                if claim in missed:
                    ElementTree.SubElement(case, "failure", message=verdict(claim))
        ElementTree.indent(suites)
        return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"

    def as_table(self):
        """The table that ends a run, as something rich can print."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name, justify in (("", "left"), ("chapter", "left"), ("cells", "right"), ("time", "right")):
            table.add_column(name, justify=justify)
        table.add_column("memory", justify="right")
        table.add_column("claims", justify="right")
        for result in self.results:
            kept = sum(claim["ok"] for claim in result.claims)
            table.add_row(
                MARKS[result.status],
                result.name,
                str(result.cells),
                f"{result.seconds:.1f} s",
                f"{result.peak_rss_mb:,.0f} MB",
                f"{kept} of {len(result.claims)}" if result.claims else "–",
            )
        errors = [
            Text.assemble((f"{result.name}: ", "bold red"), result.error) for result in self.results if result.error
        ]
        return Group(table, *([Text(), *errors] if errors else []))

    def write(self, folder):
        """Write the three files into a folder and return the path of ``report.html``."""
        from utils.course.report_page import page

        folder = Path(folder)
        write_atomically(folder / "report.json", self.as_json())
        write_atomically(folder / "junit.xml", self.as_junit())
        write_atomically(folder / "report.html", page(self))
        return folder / "report.html"


def _plain(text):
    """Text without the control characters that XML forbids."""
    return "".join(character for character in text or "" if character.isprintable() or character in "\t\n")
