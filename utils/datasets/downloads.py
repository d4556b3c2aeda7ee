"""One file from several addresses: retries, time-outs, a check of the digest, and nothing half-written."""

import errno
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.request import url2pathname

import pooch
import requests

from utils import paths
from utils.datasets import network
from utils.datasets.catalogue import File
from utils.datasets.network import shown
from utils.errors import CourseError, UsageError

Announce = Callable[[str], None]
WEB = ("https://", "http://")


def to_stderr(line: str) -> None:
    """How progress is announced unless the caller says otherwise: one line on standard error."""
    print(line, file=sys.stderr, flush=True)


class Unavailable(Exception):
    """This source does not give the file; the message says why. Another source may."""


class _FromWeb(pooch.HTTPDownloader):
    """Separates what another try may cure, and lets through, from what it cannot."""

    def __call__(self, url: str, output_file: Any, pooch: Any, check_only: bool = False):
        try:
            return super().__call__(url, output_file, pooch, check_only)
        except requests.RequestException as error:
            if network.passing(error):
                raise
            raise Unavailable(network.reason(error)) from error
        except ValueError as error:  # urllib3 and the codec of host names refuse some addresses in their own way
            raise Unavailable(network.reason(error)) from error


def _from_folder(path: str, output_file: str, pooch: Any) -> None:
    if not Path(path).is_file():
        raise Unavailable("there is no such file")
    try:
        shutil.copyfile(path, output_file)
    except PermissionError as error:
        raise Unavailable(f"the file cannot be read ({error.strerror})") from error


def mirror() -> str | None:
    """The class's mirror, from ``COURSE_DATA_MIRROR``: an address on the web, or a folder; None when it is not set.

    A folder may also be written as ``file:///…``. UsageError when it is neither.
    """
    given = os.environ.get("COURSE_DATA_MIRROR", "").strip()
    if not given:
        return None
    if given.startswith(WEB):
        return given.rstrip("/")
    written = re.match(r"file:(?://(?:localhost)?(?=/))?(.*)", given, re.IGNORECASE)
    path = url2pathname(written[1]) if written else given
    folder = paths.settled(path)
    if not path or not folder.is_dir():
        raise UsageError(
            f"COURSE_DATA_MIRROR is {given!r}, which is neither a folder of this machine nor an address that begins "
            "with https:// or http://; name one of the two, or unset it."
        )
    return str(folder)


def addresses(source: str) -> list[str]:
    """Where to look for a file: on the class's mirror (``COURSE_DATA_MIRROR``) first, then at the address itself."""
    first, own = mirror(), [source] if source.startswith(WEB) else []
    name = source.split("?")[0].rsplit("/", 1)[-1]
    return [f"{first}/{name}", *own] if first else own


def download(
    urls: Sequence[str], target: Path, file: File, announce: Announce = to_stderr, progress: Any = None
) -> None:
    """Fetch the file from the first address that gives it right, and move it to the target.

    progress: an object with ``total``, ``update(bytes)``, ``reset()`` and ``close()``, as pooch wants it, or None.
    Raises Unavailable with every reason when no address gives it, CourseError when the disk is full or refuses.
    """
    pooch.get_logger().setLevel(logging.ERROR)
    reasons = []
    for url in urls:
        try:
            with writing(target, file.size or file.at_most):
                if not url.startswith(WEB):
                    pooch.core.stream_download(url, target, file.digest, _from_folder)
                else:
                    timeout = (network.CONNECT_SECONDS, network.READ_SECONDS)
                    web = _FromWeb(progressbar=progress or False, chunk_size=1 << 16, timeout=timeout)
                    pooch.core.stream_download(url, target, file.digest, web, retry_if_failed=network.RETRIES)
                target.chmod(0o644)  # temporary files are private; a cache may be shared by a class
            return
        except Unavailable as error:
            reasons.append(f"{shown(url)}: {error}")
        except requests.RequestException as error:  # before ValueError: some of these are one, too
            reasons.append(f"{shown(url)}: {network.reason(error)}")
        except ValueError:  # pooch's word for a digest that differs
            reasons.append(f"{shown(url)}: what came is not the file of the catalogue (another digest)")
        if url != urls[-1]:
            announce(f"{reasons[-1]}; trying the next source.")
    raise Unavailable("; ".join(reasons) or "no address is known")


class writing:
    """Context: turns a full or forbidding disk into one sentence about the target, whose folder it makes."""

    def __init__(self, target: Path, size: int | None):
        self.target, self.size = target, size

    def __enter__(self):
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.__exit__(type(error), error, None)
            raise

    def __exit__(self, kind: Any, error: Any, traceback: Any):
        if not isinstance(error, OSError) or isinstance(error, requests.RequestException):
            return
        folder = self.target.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            need = f" ({self.size / 1e6:.1f} MB)" if self.size else ""
            raise CourseError(
                f"There is no room in {folder} for {self.target.name}{need}; "
                "free some, or set COURSE_DATA_DIR to a folder on another disk."
            ) from error
        raise CourseError(
            f"{self.target.name} cannot be written to {folder} ({error.strerror}); "
            "set COURSE_DATA_DIR to a folder that you may write to."
        ) from error


def write(target: Path, content: bytes) -> None:
    """Put the content in place whole or not at all; CourseError when the disk is full or refuses."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    with writing(target, len(content)):
        try:
            partial.write_bytes(content)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
