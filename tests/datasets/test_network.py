"""Each way in which a network fails has a sentence of its own, from real servers; a mirror may also be a folder."""

import pytest

from datasets.serving import Server, files_below
from datasets.test_download import Told
from utils import datasets
from utils.datasets.downloads import addresses
from utils.datasets.fetch import fetch
from utils.datasets.network import shown
from utils.datasets.store import location, state
from utils.errors import CourseError, UsageError

PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """No proxy and no certificates of the machine that runs the tests."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def sentence_of(entry):
    with pytest.raises(CourseError) as caught:
        fetch(entry, Told())
    assert "\n" not in str(caught.value)
    assert "digest" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://nowhere.invalid/x.npz", "the name of the server is not known"),
        ("http://127.0.0.1:9/x.npz", "the server cannot be reached (connection refused)"),
        ("http://[nowhere/x.npz", "this is not an address on the web"),
        ("http:///x.npz", "this is not an address on the web"),
    ],
)
def test_an_address_that_leads_nowhere(cache, entry_at, address, words):
    assert words in sentence_of(entry_at(address))
    assert files_below(cache) == []


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("forbidden", "the server does not let you have it (status 403)"),
        ("circle", "the server only sends us from one address to the next"),
    ],
)
def test_a_server_that_does_not_give_it(server, cache, entry_at, mode, words):
    assert words in sentence_of(entry_at(f"{server.address}/{mode}/x.npz"))


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://127.0.0.1:9", "a SOCKS proxy is set, which is not supported here"),
        ("http://127.0.0.1:9", "the proxy cannot be reached, or it refuses"),
        ("http://", "the address of the proxy is not valid"),
        ("nonsense://127.0.0.1", "the address of the proxy is not valid"),
    ],
)
def test_a_proxy_that_does_not_work(cache, entry_at, monkeypatch, proxy, words):
    monkeypatch.setenv("ALL_PROXY", proxy)
    sentence = sentence_of(entry_at("http://nowhere.invalid/x.npz"))
    assert words in sentence
    assert "check ALL_PROXY" in sentence


def test_a_certificate_that_nobody_vouches_for(served, cache, entry_at):
    server = Server(served[0], tls=True)
    sentence = sentence_of(entry_at(f"{server.address}/good/x.npz"))
    server.close()
    assert "the certificate of the server cannot be verified (self" in sentence
    assert "REQUESTS_CA_BUNDLE" in sentence


def test_https_where_there_is_only_http(server, cache, entry_at):
    address = server.address.replace("http://", "https://")
    assert "no secure connection with this server; is its address http://" in sentence_of(entry_at(f"{address}/x.npz"))


def test_a_password_is_not_shown(server, cache, entry_at, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_MIRROR", server.address.replace("://", "://me:secret@") + "/missing")
    sentence = sentence_of(entry_at("http://127.0.0.1:9/breastmnist.npz"))
    assert "secret" not in sentence
    assert f"{server.address}/missing/breastmnist.npz: the server does not have it" in sentence
    assert shown("https://me:a@b@host/c@d") == "https://host/c@d"


@pytest.mark.parametrize(
    "mirror", ["myserver/data", "ftp://server/data", "/nowhere/at/all", "file:///nowhere", "file:", "http:/x"]
)
def test_a_mirror_that_is_neither_address_nor_folder(server, cache, entry_at, monkeypatch, mirror):
    monkeypatch.setenv("COURSE_DATA_MIRROR", mirror)
    entry = entry_at(f"{server.address}/good/breastmnist.npz")
    with pytest.raises(UsageError) as caught:
        fetch(entry, Told())
    assert str(caught.value) == (
        f"COURSE_DATA_MIRROR is {mirror!r}, which is neither a folder of this machine nor an address that begins with "
        "https:// or http://; name one of the two, or unset it."
    )
    assert server.asked == {}


@pytest.mark.parametrize("written", ["path", "uri"])
def test_a_folder_can_be_the_mirror(served, cache, tmp_path, entry_at, monkeypatch, written):
    folder = tmp_path / "a folder with ü"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(folder) if written == "path" else folder.as_uri())
    entry = entry_at("http://127.0.0.1:9/breastmnist.npz?download=1")
    assert "breastmnist.npz: there is no such file; " in sentence_of(entry)
    (folder / "breastmnist.npz").write_bytes(served[0][:-1] + b"x")
    with pytest.raises(CourseError, match="breastmnist.npz: what came is not the file of the catalogue"):
        fetch(entry, Told())
    assert files_below(cache) == []
    (folder / "breastmnist.npz").write_bytes(served[0])
    assert datasets.load("breastmnist").images.shape == (780, 28, 28, 1)
    assert state(entry, entry.files[0]) == "ok"
    assert location(entry, entry.files[0]).stat().st_mode & 0o444 == 0o444


def test_a_relative_folder_is_below_the_course(elsewhere, monkeypatch, tmp_path):
    (elsewhere.parent / "mirror").mkdir()
    monkeypatch.setenv("COURSE_DATA_MIRROR", "mirror")
    monkeypatch.chdir(tmp_path)
    assert addresses("https://server/x.npz?download=1") == [
        f"{elsewhere.parent / 'mirror'}/x.npz",
        "https://server/x.npz?download=1",
    ]
