"""One file over HTTP: several addresses, retries, time-outs, a check of the digest, and nothing half-written."""

import errno
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pooch

from utils.datasets.catalogue import File
from utils.errors import CourseError

CONNECT_SECONDS = 5  # a server that is not there should not keep a class waiting
READ_SECONDS = 30  # silence in the middle of a file
RETRIES = 2  # for what may pass: a busy server, a broken connection, a file cut short

Announce = Callable[[str], None]


def to_stderr(line: str) -> None:
    """How progress is told unless the caller says otherwise: one line on standard error."""
    print(line, file=sys.stderr, flush=True)


class Unavailable(Exception):
    """This source does not give the file; the message says why. Another source may."""


class _Downloader(pooch.HTTPDownloader):
    """Tells what may pass, and is worth a retry, from what will not."""

    def __call__(self, url, output_file, pooch, check_only=False):
        import requests

        try:
            return super().__call__(url, output_file, pooch, check_only)
        except requests.HTTPError as error:
            status = error.response.status_code
            if 400 <= status < 500 and status not in (408, 429):
                raise Unavailable(f"the server does not have it (status {status})") from error
            raise
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise Unavailable("the server cannot be reached") from error
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise Unavailable("the server cannot be reached") from error
            raise


def addresses(source: str) -> list[str]:
    """Where to look for a file: on the class's mirror (``COURSE_DATA_MIRROR``) first, then at the address itself."""
    mirror = os.environ.get("COURSE_DATA_MIRROR")
    own = [source] if source.startswith(("https://", "http://")) else []
    name = source.split("?")[0].rsplit("/", 1)[-1]
    return [f"{mirror.rstrip('/')}/{name}", *own] if mirror else own


def download(urls: Sequence[str], target: Path, file: File, announce: Announce = to_stderr, progress=None) -> None:
    """Fetch the file from the first address that gives it right, and move it to the target.

    progress: an object with ``total``, ``update(bytes)``, ``reset()`` and ``close()``, as pooch wants it, or None.
    Raises Unavailable with every reason when no address gives it, CourseError when the disk is full or refuses.
    """
    pooch.get_logger().setLevel(logging.ERROR)
    reasons = []
    for url in urls:
        downloader = _Downloader(
            progressbar=progress or False, chunk_size=1 << 16, timeout=(CONNECT_SECONDS, READ_SECONDS)
        )
        try:
            with writing(target, file.size or file.at_most):
                pooch.core.stream_download(url, target, file.digest, downloader, retry_if_failed=RETRIES)
                target.chmod(0o644)  # temporary files are private; a cache may be shared by a class
            return
        except Unavailable as error:
            reasons.append(f"{url}: {error}")
        except ValueError:
            reasons.append(f"{url}: what came is not the file of the catalogue (another digest)")
        except OSError as error:  # what requests raises is one, too
            reasons.append(f"{url}: {_reason(error)}")
        if url != urls[-1]:
            announce(f"{reasons[-1]}; trying the next source.")
    raise Unavailable("; ".join(reasons) or "no address is known")


def _reason(error: OSError) -> str:
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server refused (status {error.response.status_code}) {RETRIES + 1} times"
    if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
        return f"the server was silent for {READ_SECONDS:g} seconds, {RETRIES + 1} times"
    return f"the connection broke {RETRIES + 1} times"


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

    def __exit__(self, kind, error, traceback):
        import requests

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
