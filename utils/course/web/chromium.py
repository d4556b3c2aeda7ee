"""The browser that prints the book: a Chromium, Chrome or Edge of this machine, driven by Playwright."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from utils.errors import CourseError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
CHANNELS = ("chrome", "msedge")  # what Playwright finds by itself where Windows and macOS put it
OPTIONS = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def executable() -> str | None:
    """The path of a browser that can be called by its name; None when there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator["Browser"]:
    """A browser without a window, closed at the end.

    Raises CourseError, with what to install, when there is none or Playwright is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as error:
        raise CourseError("The browser is driven by Playwright: install the course with its extra `site`.") from error
    with sync_playwright() as playwright:
        opened = _open(playwright)
        try:
            yield opened
        except KeyboardInterrupt:
            logging.getLogger("asyncio").disabled = True  # the interruption has reached the driver, which would say so
            raise
        finally:
            opened.close()


def _open(playwright: "Playwright") -> "Browser":
    from playwright.sync_api import Error

    path = executable()
    ways = [{"executable_path": path}] if path else [*({"channel": name} for name in CHANNELS), {}]
    for way in ways:
        try:
            return playwright.chromium.launch(args=OPTIONS, **way)
        except Error as error:
            said = str(error).strip().splitlines()[0]
    if path:
        raise CourseError(f"The browser {path} does not start ({said}): repair it, or install the package chromium.")
    raise CourseError(
        "No browser was found that can print: install Chromium (Debian, Ubuntu: the package chromium), Chrome or Edge."
    )
