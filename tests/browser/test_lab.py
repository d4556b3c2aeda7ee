"""JupyterLab as a learner meets it: opened by ``course lab``, used by mouse and keyboard, killed, and opened again."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import psutil
import pytest
from browsers import Watch, chromium, needs_browser
from conftest import ROOT

CHAPTER = "00_start_here.ipynb"
ANSWER = "return np.mean(labels == predictions)"
FAR = 180_000  # milliseconds: what a chapter may take on a machine that has other work


class Lab:
    """A learner's JupyterLab, whose work is below ``folder``."""

    def __init__(self, folder, environment):
        self.work = folder / "work"
        own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
        self.environment = environment | own | {"COURSE_ROOT": str(ROOT)}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self.said = folder / "said.txt"

    @contextmanager
    def running(self):
        """JupyterLab, from the moment it answers; then it is killed, as by a power failure."""
        words = ["lab", "--work", self.work, "--", "--no-browser", f"--port={self.port}", "--ip=127.0.0.1"]
        command = [sys.executable, "-m", "utils.course", *map(str, words), "--IdentityProvider.token=secret"]
        with self.said.open("w") as said:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=said, stderr=said)
        try:
            self._wait(process)
            yield
        finally:
            family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
            for member in family:
                member.kill()
            psutil.wait_procs(family, timeout=60)
            process.wait(60)

    def _wait(self, process):
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and process.poll() is None:
            try:
                return urllib.request.urlopen(f"{self.address}api", timeout=5).close()
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"JupyterLab does not answer:\n{self.said.read_text()}")

    def open(self, page):
        """Open the chapter in a page of the browser, and wait until it is there."""
        page.goto(f"{self.address}lab/tree/{CHAPTER}?token=secret")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=FAR)

    def saved(self):
        """The chapter as it lies in the learner's folder."""
        return json.loads((self.work / CHAPTER).read_text(encoding="utf-8"))


def cell(page, number):
    """A code cell, by its number among them."""
    return page.locator(".jp-Notebook .jp-CodeCell").nth(number)


def numbered(notebook, identifier):
    """The number of a code cell among the others."""
    names = [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return names.index(identifier)


def menu(page, *names):
    """Choose from JupyterLab's menus."""
    page.locator(".jp-MenuBar, #jp-menu-panel").get_by_role("menuitem", name=names[0], exact=True).first.click()
    for name in names[1:]:
        page.locator(".lm-Menu .lm-Menu-item", has=page.get_by_text(name, exact=True)).last.click()


@needs_browser
def test_a_learner_runs_a_chapter_solves_an_exercise_and_finds_it_again(tmp_path, offline):
    lab = Lab(tmp_path, offline)
    with chromium() as browser:
        with lab.running():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            watch = Watch(page, inside=(lab.address, "data:", "blob:"))
            lab.open(page)
            exercise, check = (numbered(lab.saved(), name) for name in ("exercise-0-1", "check-0-1"))
            last = numbered(lab.saved(), "quiz")

            cell(page, 0).locator(".cm-line").first.click()  # profile = "quick"
            page.keyboard.press("End")
            for _ in '"quick"':
                page.keyboard.press("Backspace")
            page.keyboard.type('"smoke"')
            menu(page, "Run", "Run All Cells")
            cell(page, last).get_by_text(re.compile(r"^\[\d+\]:$")).wait_for(timeout=FAR)
            cell(page, check).scroll_into_view_if_needed()
            cell(page, check).get_by_text("○ 0.1").wait_for(timeout=FAR)

            cell(page, exercise).locator(".cm-line").last.click()
            page.keyboard.press("End")
            for _ in "...":
                page.keyboard.press("Backspace")
            page.keyboard.type(ANSWER)
            page.keyboard.press("Shift+Enter")  # goes on to the check
            page.keyboard.press("Shift+Enter")
            cell(page, check).get_by_text("✓ 0.1").wait_for(timeout=FAR)

            page.keyboard.press("Control+s")
            page.wait_for_function("!document.querySelector('.jp-mod-dirty')", timeout=FAR)
            with page.context.expect_event("download", timeout=60_000) as download:  # from a tab of its own
                menu(page, "File", "Save and Export Notebook As", "HTML")
                page.get_by_role("dialog").get_by_role("button", name="Ok").click()  # what it proposes
            exported = download.value.path().read_text(encoding="utf-8")
            watch.clean()
            page.close()

        saved = lab.saved()
        code = [one for one in saved["cells"] if one["cell_type"] == "code"]
        assert ANSWER in "".join(code[exercise]["source"])
        assert '"smoke"' in "".join(code[0]["source"])
        assert "✓ 0.1" in exported
        assert "<h1" in exported
        assert not re.search(r"<script[^>]* src=.?http", exported)

        with lab.running():
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            lab.open(page)
            cell(page, exercise).scroll_into_view_if_needed()  # what is far below is drawn when it is looked at
            cell(page, exercise).locator(".cm-line", has_text=ANSWER).wait_for(timeout=FAR)
            cell(page, check).scroll_into_view_if_needed()
            cell(page, check).get_by_text("✓ 0.1").wait_for(timeout=FAR)
            assert lab.saved() == saved
