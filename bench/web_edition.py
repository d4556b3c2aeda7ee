"""The web edition: how long it takes to make, how large it is, and how soon a reader sees a chapter.

Made as `course site` makes it, from the stored outputs. A chapter is its page and its figures; the first paint is that
of Chromium without a screen, which opens the page from the disk in a profile that has seen none of it.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from measure import against

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

MOST_SECONDS, MOST_MEGABYTES, MOST_CHAPTER, MOST_PAINT = 90, 60, 3, 1.5
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def built(folder):
    """Seconds that the command takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "utils.course", "site", "--to", folder], cwd=ROOT, check=True)
    return time.perf_counter() - started


def megabytes(*files):
    """What files take together."""
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def chapter(page):
    """A chapter's page and its figures."""
    pictures = set(re.findall(r'src="([^"]+\.png)"', page.read_text(encoding="utf-8")))
    return page, *((page.parent / picture).resolve() for picture in pictures)


def paints(pages, repeats):
    """Seconds until the first paint of each page, the fastest of some visits."""
    from browsers import chromium

    def visit(browser, page):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        tab = context.new_page()
        tab.goto(page.as_uri())
        tab.wait_for_function(PAINT)
        seconds = tab.evaluate(PAINT) / 1000
        context.close()
        return seconds

    with chromium() as browser:
        visit(browser, pages[0])  # the browser's own beginning does not count
        return {page: min(visit(browser, page) for _ in range(repeats)) for page in pages}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="visits to each page, of which the fastest counts (3)")
    chosen = parser.parse_args()
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        took = built(site)
        pages = sorted((site / "chapters").glob("[0-9]*.html"))
        sizes = {page: megabytes(*chapter(page)) for page in pages}
        first = paints([site / "index.html", *pages], chosen.repeats)
        whole = megabytes(*site.rglob("*"))
    largest, slowest = max(sizes, key=sizes.get), max(first, key=first.get)
    print(f"  the largest chapter is {largest.stem}, the slowest page {slowest.stem}")
    kept = [
        against("making the pages", took, MOST_SECONDS, "s"),
        against("all pages", whole, MOST_MEGABYTES, "MB"),
        against("largest chapter", sizes[largest], MOST_CHAPTER, "MB"),
        against("slowest first paint", first[slowest], MOST_PAINT, "s"),
    ]
    sys.exit(not all(kept))
