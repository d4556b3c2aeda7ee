"""A real browser for tests: the Chromium of the system, driven by Playwright, and what a page may not do."""

import sys

import pytest

from utils.course.web.chromium import browser as chromium

__all__ = ["Watch", "chromium", "needs_browser"]

needs_browser = pytest.mark.skipif(
    sys.platform != "linux", reason="the pages are tried in Chromium, which .ci/run installs on Linux"
)


class Watch:
    """What went wrong on a page: errors in its console, and requests that leave it.

    inside : tuple of str
        The beginnings of addresses that it may ask for.
    """

    def __init__(self, page, inside=("file:", "data:", "blob:")):
        self.errors, self.requests, self.outside = [], [], []
        self.inside = inside
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)
        page.on("requestfailed", lambda request: self.errors.append(f"{request.url}: {request.failure}"))

    def _request(self, request):
        self.requests.append(request.url)
        if not request.url.startswith(self.inside):
            self.outside.append(request.url)

    def clean(self):
        """Fail when there was anything."""
        assert not self.outside, self.outside
        assert not self.errors, self.errors
