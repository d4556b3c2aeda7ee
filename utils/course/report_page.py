"""``report.html``: one page that needs nothing else, for reading in a browser or keeping as a CI artefact."""

import html
import platform
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from string import Template

from utils.claims import Claim
from utils.course.report import Report
from utils.course.results import ChapterResult

WIDTH, HEIGHT, MARGIN = 220, 22, 8  # of the drawing of a claim, in pixels

STYLE = """\
:root { color-scheme: light dark; --ink: #1b2733; --soft: #5b6875; --line: #dfe5ea; --paper: #ffffff; --shade: #f4f7f9;
  --good: #00785a; --good-band: #a9dccb; --bad: #b94700; --bad-shade: #fdf1ea; --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #9fadba; --line: #34414d; --paper: #151b21;
  --shade: #1d252d; --good: #35c79b; --good-band: #1f5a49; --bad: #ff9a57; --bad-shade: #33231a; --link: #7ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; }
h2 { margin: 2.75rem 0 .5rem; font-size: 1.15rem; }
a { color: var(--link); }
.eyebrow { margin: 0 0 .25rem; color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.75rem; margin: .75rem 0 2rem; padding: 0; color: var(--soft); }
.facts div { display: flex; gap: .4rem; } .facts dt, .facts dd { margin: 0; } .facts dd { color: var(--ink); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; text-align: left; }
th, td { padding: .5rem .6rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
.number { text-align: right; white-space: nowrap; }
.mark { width: 1.5rem; font-weight: 700; }
.good { color: var(--good); } .bad { color: var(--bad); } .soft { color: var(--soft); }
.bar { display: block; width: 7rem; height: .5rem; border-radius: .25rem; background: var(--shade); }
.bar i { display: block; height: 100%; border-radius: .25rem; background: var(--link); opacity: .75; }
.claims { table-layout: fixed; min-width: 40rem; } .claims .mark { width: 2.3rem; }
.claims .drawn { width: 15.5rem; } .claims .number { width: 8rem; } .claims .accepted { width: 9.5rem; }
@media (max-width: 45rem) { .bar { display: none; } }
.error { margin: .5rem 0 1rem; padding: .6rem .9rem; border-left: 4px solid var(--bad); background: var(--bad-shade);
  overflow-wrap: anywhere; }
svg { display: block; } svg .axis { stroke: var(--line); stroke-width: 2; } svg .band { fill: var(--good-band); }
svg .kept { fill: var(--good); } svg .missed { fill: var(--bad); } svg .recorded { fill: var(--soft); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
"""

FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · Deep Learning in Medicine</title>
<style>
$style</style>
</head>
<body>
$body</body>
</html>
""")

BODY = Template("""\
<p class="eyebrow">Deep Learning in Medicine</p>
<h1>$heading</h1>
<dl class="facts">$facts</dl>
$notes
<div class="scroll"><table>
<thead><tr><th></th><th>Chapter</th><th class="number">Cells</th><th class="number">Time</th><th></th>
<th class="number">Memory</th><th class="number">Claims</th></tr></thead>
<tbody>
$rows
</tbody>
</table></div>
$sections
<footer>For machines: <a href="report.json">report.json</a> and <a href="junit.xml">junit.xml</a>.
Memory is the most that a chapter's kernel held at once.</footer>
""")


def page(report: Report) -> str:
    """The page for a Report, as text."""
    failed = [result for result in report.results if result.status == "failed"]
    count = len(report.results)
    chapters = "1 chapter" if count == 1 else f"{count} chapters"
    heading = f"{len(failed)} of {chapters} failed" if failed else f"{chapters} passed"
    longest = max([result.seconds for result in report.results], default=0) or 1
    body = BODY.substitute(
        heading=heading,
        facts="".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts(report)),
        notes="\n".join(f'<p class="error">{escape(note)}</p>' for note in report.notes),
        rows="\n".join(row(result, longest) for result in report.results),
        sections="\n".join(section(result) for result in report.results if result.claims or result.error),
    )
    return framed(heading, body)


def framed(title: str, body: str, look: str = "") -> str:
    """A page that needs nothing else, as text: in the course's style, and ``look`` is what this page adds to it.

    ``title`` and ``body`` are HTML.
    """
    return FRAME.substitute(title=title, style=STYLE + look, body=body)


def facts(report: Report) -> Iterator[tuple[str, str]]:
    """Pairs of name and value that say what kind of run it was."""
    yield "profile", report.profile
    if report.edition != "untouched":
        yield "edition", report.edition
    for name, value in report.parameters.items():
        yield name, repr(value)
    yield "took", duration(report.wall_seconds)
    if cached := sum(result.cached for result in report.results):
        yield "from the cache", f"{cached} of {len(report.results)}"
    yield "on", f"{datetime.now():%-d %B %Y, %H:%M}" if platform.system() != "Windows" else f"{datetime.now():%d %B %Y}"
    yield "with", f"Python {platform.python_version()}, Keras {version('keras')}, {platform.system()}"


def row(result: ChapterResult, longest: float) -> str:
    """The row of a chapter in the table at the top; the bar compares its time with that of the longest."""
    claims = result.kept
    link = escape(result.name)
    if result.notebook:
        link = f'<a href="{escape(result.notebook)}">{link}</a>'
    if result.claims or result.error:
        claims = f'<a href="#{escape(result.name)}">{claims if result.claims else "why"}</a>'
    return (
        f"<tr>{mark(result.status == 'ok')}<td>{link}</td><td class='number'>{result.cells}</td>"
        f"<td class='number'>{'cached' if result.cached else duration(result.seconds)}</td>"
        f"<td><span class='bar'><i style='width: {100 * result.seconds / longest:.0f}%'></i></span></td>"
        f"<td class='number'>{result.peak_rss_mb:,.0f} MB</td><td class='number'>{claims}</td></tr>"
    )


def section(result: ChapterResult) -> str:
    """A chapter's part below the table: why it failed, and each claim with its value drawn into its band."""
    error = f'<p class="error">{escape(result.error)}</p>' if result.error else ""
    rows = "".join(
        f"<tr>{claim_mark(claim)}<td>{escape(claim.name)}</td>"
        f"<td class='number'>{claim.value_text()}</td>"
        f"<td class='drawn'>{drawing(claim)}</td>"
        f"<td class='accepted soft'>{claim.band()}</td></tr>"
        for claim in result.claims
    )
    recorded = any(not claim.judged for claim in result.claims)
    aside = ' <span class="soft">(○ recorded, not judged)</span>' if recorded else ""
    table = f"<div class='scroll'><table class='claims'><tbody>{rows}</tbody></table></div>" if rows else ""
    return f'<h2 id="{escape(result.name)}">{escape(result.name)}{aside}</h2>{error}{table}'


def drawing(claim: Claim) -> str:
    """A claim as SVG: the accepted band as a bar, open where it has no end, and the value as a dot on it."""
    value, low, high = claim.value, claim.low, claim.high
    if value is None:
        return ""
    known = [0 if number is None else number for number in (value, low, high)]  # an open band is measured from 0
    room = 0.2 * (max(known) - min(known)) or 0.2 * abs(value) or 1.0
    left, right = min(known) - room, max(known) + room

    def place(number):
        return MARGIN + (WIDTH - 2 * MARGIN) * (number - left) / (right - left)

    start = 0 if low is None else place(low)
    end = WIDTH if high is None else place(high)
    label = escape(f"{claim.name}: {claim.verdict()}")
    kind = "missed" if claim.missed else "kept" if claim.judged else "recorded"
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{label}">'
        f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT / 2}" y2="{HEIGHT / 2}"/>'
        f'<rect class="band" x="{start:.1f}" width="{max(end - start, 3):.1f}" y="5" height="12" rx="3"/>'
        f'<circle class="{kind}" cx="{place(value):.1f}" cy="{HEIGHT / 2}" r="5"/></svg>'
    )


def mark(ok: bool) -> str:
    """The cell with a chapter's tick or cross."""
    return '<td class="mark good" title="ok">✓</td>' if ok else '<td class="mark bad" title="failed">✗</td>'


def claim_mark(claim: Claim) -> str:
    """The cell with a claim's tick or cross, or with the ring of what was recorded without being judged."""
    return mark(claim.ok) if claim.judged else '<td class="mark soft" title="recorded, not judged">○</td>'


def duration(seconds: float) -> str:
    """Seconds in words: ``4.2 s`` or ``3 min 05 s``."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def escape(text: object) -> str:
    """Text made safe for HTML, in an element or an attribute."""
    return html.escape(str(text))
