"""Pictures of a reader's own: every form that is read, and each that is refused."""

import io
import struct
import zipfile

import numpy as np
import pytest

from datasets.own_files import COUNTS, KEYS, pictures, refused
from utils import datasets
from utils.datasets import own
from utils.errors import UsageError


@pytest.fixture
def archive(tmp_path):
    """Write an archive; returns its path."""

    def write(name="own.npz", save=np.savez_compressed, **changed):
        save(tmp_path / name, **pictures(**changed))
        return tmp_path / name

    return write


def channels(arrays, count):
    return {key: np.repeat(array[..., None], count, axis=-1) for key, array in arrays.items() if "images" in key}


@pytest.mark.parametrize("kind", [None, "images"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_pictures_as_medmnist_has_them(archive, kind, save):
    data = datasets.load(archive(save=save), kind=kind)
    arrays = pictures()
    assert isinstance(data, datasets.Images)
    assert data.images.shape == (24, 9, 8, 1)
    assert data.images.dtype == np.uint8
    np.testing.assert_array_equal(data.images[..., 0], np.concatenate([arrays[key] for key in KEYS[::2]]))
    np.testing.assert_array_equal(data.labels, np.concatenate([arrays[key] for key in KEYS[1::2]]))
    assert data.labels.dtype == np.int64
    assert data.class_names == ("class 0", "class 1", "class 2")
    assert [part.tolist() for part in data.split.parts().values()] == [
        list(range(12)),
        list(range(12, 18)),
        list(range(18, 24)),
    ]
    assert data.groups.tolist() == list(range(24))
    entry = data.entry
    assert (entry.name, entry.kind, entry.task, entry.embedded) == ("own", "images", "classification", False)
    assert (entry.files, entry.sources, entry.size) == ((), (), 0)


@pytest.mark.parametrize("count", [1, 3])
def test_pictures_with_channels(archive, count):
    data = datasets.load(archive(**channels(pictures(), count)))
    assert data.images.shape == (24, 9, 8, count)
    np.testing.assert_array_equal(data.images[:12, ..., 0], pictures()["train_images"])


@pytest.mark.parametrize(
    "form",
    [
        lambda labels: labels[:, None],
        lambda labels: labels.astype(np.uint8),
        lambda labels: labels.astype(float)[:, None],
        lambda labels: labels.astype(">i2"),
    ],
    ids=["column", "uint8", "float", "big-endian"],
)
def test_labels_in_other_forms(archive, form):
    changed = {key: form(array) for key, array in pictures().items() if "labels" in key}
    data = datasets.load(archive(**changed))
    assert data.labels.tolist() == [0, 1, 2] * 8
    assert data.labels.dtype == np.int64


def test_arrays_in_fortran_order(archive):
    data = datasets.load(archive(train_images=np.asfortranarray(pictures()["train_images"])))
    np.testing.assert_array_equal(data.images[:12, ..., 0], pictures()["train_images"])


def test_several_findings_a_picture(archive):
    rng = np.random.default_rng(1)
    findings = {key: rng.integers(0, 2, (len(array), 4)) for key, array in pictures().items() if "labels" in key}
    data = datasets.load(archive(**findings))
    np.testing.assert_array_equal(data.labels[:12], findings["train_labels"])
    assert data.class_names == ("finding 0", "finding 1", "finding 2", "finding 3")
    assert data.entry.task == "classification"


def test_class_names(archive):
    data = datasets.load(archive(class_names=np.array(["benign", "unclear", "malignant"])))
    assert data.class_names == data.entry.class_names == ("benign", "unclear", "malignant")


@pytest.mark.parametrize("form", [lambda numbers: numbers, lambda numbers: numbers.astype(str)], ids=["int", "text"])
def test_patients_keep_their_pictures_together(archive, form):
    groups = {
        "train_groups": form(np.arange(12) // 2),
        "val_groups": form(np.full(6, 20)),
        "test_groups": form(np.full(6, 30)),
    }
    data = datasets.load(archive(**groups))
    assert len(set(data.groups.tolist())) == 8
    assert data.groups[0] == data.groups[1] != data.groups[2]


def test_an_array_that_is_not_needed_does_no_harm(archive):
    archive_with_pickle = archive(notes=np.array([{"a": 1}], dtype=object))
    assert len(datasets.load(archive_with_pickle).images) == 24


TRAIN = pictures()["train_images"]
REFUSED = {
    "key missing": ({"val_images": None}, "own.npz, key val_images: expected this array, found train_images"),
    "float": ({"train_images": TRAIN / 255}, "key train_images: expected uint8 (0 to 255), found float64."),
    "NaN": ({"test_images": np.full((6, 9, 8), np.nan)}, "key test_images: expected uint8 (0 to 255), found float64."),
    "rank": ({"train_images": TRAIN.reshape(12, 72)}, "(n, h, w), (n, h, w, 1) or (n, h, w, 3), found (12, 72)."),
    "four channels": ({"train_images": np.zeros((12, 9, 8, 4), np.uint8)}, "(n, h, w, 3), found (12, 9, 8, 4)."),
    "volumes with channels": (
        {"train_images": np.zeros((12, 9, 8, 9, 1), np.uint8)},
        "(n, h, w, 3), found volumes (12, 9, 8, 9, 1); save one slice of each, such as train_images[:, 4].",
    ),
    "volumes as MedMNIST has them": (
        {"train_images": np.zeros((12, 28, 28, 28), np.uint8)},
        "own.npz, key train_images: expected flat pictures, (n, h, w), (n, h, w, 1) or (n, h, w, 3), found volumes "
        "(12, 28, 28, 28); save one slice of each, such as train_images[:, 14].",
    ),
    "sizes": (
        {"val_images": np.zeros((6, 8, 8), np.uint8)},
        "key val_images: expected pictures of (9, 8) as in train_images, found (8, 8).",
    ),
    "small": ({"train_images": TRAIN[:, :4]}, "key train_images: expected 8 x 8 pixels or more, found (4, 8)."),
    "empty part": (
        {"test_images": TRAIN[:0], "test_labels": np.zeros(0, int)},
        "key test_images: expected at least one picture, found the shape (0, 9, 8).",
    ),
    "lengths": (
        {"val_labels": np.arange(5) % 3},
        "key val_labels: expected (6,), (6, 1) or (6, findings), found (5,).",
    ),
    "columns": (
        {"val_labels": np.zeros((6, 2), int)},
        "key val_labels: expected 1 columns as in train_labels, found 2.",
    ),
    "text labels": ({"train_labels": np.array(["a", "b", "c"] * 4)}, "labels: expected whole numbers, found <U1"),
    "NaN labels": (
        {"train_labels": np.array([0, 1, 2, np.nan] * 3)},
        "key train_labels: expected a whole number from 0 to 100,000, found nan at [3], counted from 0.",
    ),
    "half labels": ({"val_labels": np.full(6, 0.5)}, "expected a whole number from 0 to 100,000, found 0.5 at [0]"),
    "negative": ({"val_labels": np.array([0, 1, 2, 0, -1, 2])}, "from 0 to 100,000, found -1 at [4]"),
    "gap": (
        {f"{part}_labels": np.array([0, 1, 3] * (n // 3)) for part, n in COUNTS.items()},
        "key train_labels: expected classes from 0 without a gap, found 0, 1, 3.",
    ),
    "from 1": (
        {f"{part}_labels": np.arange(n) % 2 + 1 for part, n in COUNTS.items()},
        "key train_labels: expected classes from 0 without a gap, found 1, 2.",
    ),
    "absent": ({"train_labels": np.array([0, 1] * 6)}, "train_labels: expected every class, found none of class 2."),
    "one class": (
        {f"{part}_labels": np.zeros(n, int) for part, n in COUNTS.items()},
        "key train_labels: expected two classes or more, found only 0.",
    ),
    "finding that is never there": (
        {f"{part}_labels": np.eye(2, dtype=int)[[0] * n] for part, n in COUNTS.items()},
        "key train_labels: expected 0 and 1 in column 0, found only 1.",
    ),
    "finding that is 2": (
        {f"{part}_labels": np.tile([[0, 1], [2, 0]], (n // 2, 1)) for part, n in COUNTS.items()},
        "key train_labels: expected 0 or 1, found 2 at [1, 0], counted from 0.",
    ),
    "pickle": (
        {"train_labels": np.array([0, 1, 2] * 4, dtype=object)},
        "key train_labels: expected numbers, found Python objects (a pickle), which are never opened: they",
    ),
    "class names": ({"class_names": np.array(["a", "b"])}, "key class_names: expected 3 texts, found str"),
    "groups of one part": (
        {"train_groups": np.arange(12)},
        "val_groups: expected this array, since the file has train_",
    ),
    "groups too short": (
        {"train_groups": np.arange(11), "val_groups": np.arange(6), "test_groups": np.arange(6)},
        "key train_groups: expected whole numbers (12,), found int64 (11,).",
    ),
    "patient in two parts": (
        {"train_groups": np.arange(12), "val_groups": np.arange(20, 26), "test_groups": np.full(6, 7)},
        "key test_groups: expected patients of one part only, found 7 in train_groups too.",
    ),
    "patient in two later parts": (
        {"train_groups": np.arange(12), "val_groups": np.full(6, 20), "test_groups": np.full(6, 20)},
        "key test_groups: expected patients of one part only, found 20 in val_groups too.",
    ),
}


@pytest.mark.parametrize(("changed", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(archive, changed, words):
    assert words in refused(archive(**changed), "images")


def test_no_archive(tmp_path):
    path = tmp_path / "own.npz"
    path.write_bytes(b"PK\3\4 no zip at all")
    assert refused(path) == "own.npz: expected an .npz archive as numpy.savez writes it, found none."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "hello")
    assert refused(path) == "own.npz, key train_images: expected this array, found letter.txt."
    with zipfile.ZipFile(path, "w") as archive:
        for key in KEYS:
            archive.writestr(f"{key}.npy", "hello")
    assert refused(path) == "own.npz, key train_images: expected an array as numpy.savez writes it, found none."
    np.save(tmp_path / "array.npy", TRAIN)
    assert "expected a .npz file, found a name that ends in .npy" in refused(tmp_path / "array.npy", "images")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_archive(archive, save):
    path = archive(save=save)
    content = bytearray(path.read_bytes())
    place = content.index(b"val_images.npy")  # the local header; the array's own bytes follow
    content[place + 300] ^= 1
    path.write_bytes(content)
    assert refused(path) == "own.npz, key val_images: the array is damaged or cut short; write the file again."
    path.write_bytes(content[: len(content) // 2])
    assert "expected an .npz archive" in refused(path)


def declared(shape, dtype="|u1"):
    """The bytes of an .npy that declares this shape and holds next to nothing."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue() + b"\0" * 16


def crafted(path, shape, **more):
    arrays = pictures()
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in arrays.items():
            stream = io.BytesIO()
            np.save(stream, array)
            archive.writestr(f"{key}.npy", declared(shape) if key == "train_images" else stream.getvalue())
        for key, content in more.items():
            archive.writestr(f"{key}.npy", content)
    return path


def test_ten_gigabytes_are_refused_by_what_the_header_says(tmp_path, monkeypatch):
    monkeypatch.setattr(np.lib.format, "read_array", None)  # nothing may be unpacked
    path = crafted(tmp_path / "own.npz", (1_000_000, 100, 100))
    assert path.stat().st_size < 20_000
    assert refused(path) == (
        "own.npz, key train_images: expected 2 GB at the most for all arrays, found that they would unpack to 10.0 GB; "
        "nothing was read; --side 64 makes the pictures smaller while it reads."
    )


def test_a_header_that_declares_more_than_there_is(tmp_path):
    assert "key train_images: the array is damaged" in refused(crafted(tmp_path / "own.npz", (12, 9, 8)))
    assert "found the shape (-12, 9, 8)" in refused(crafted(tmp_path / "own.npz", (-12, 9, 8)))


def test_a_member_that_cannot_be_unpacked(archive):
    path = archive(save=np.savez)
    content = path.read_bytes()
    central = content.rindex(b"PK\1\2")  # the last member: test_labels
    method = struct.pack("<H", 99)
    changed = content[: central + 10] + method + content[central + 12 :]
    path.write_bytes(changed)
    assert "key test_labels: expected an array as numpy.savez writes it" in refused(path)


@pytest.mark.parametrize("count", [None, 1, 3])
@pytest.mark.parametrize("order", ["C", "F"])
def test_larger_pictures_are_made_smaller_and_it_is_said(tmp_path, count, order):
    """As the files of MedMNIST with 64, 128 and 224 pixels: smooth pictures keep their brightness where it is."""
    row, column = np.mgrid[:224, :224]
    smooth = np.stack([row, 223 - row, column]).astype(np.uint8)
    smooth = smooth if count is None else np.repeat(smooth[..., None], count, axis=-1)
    arrays = {
        f"{part}_{what}": array
        for part in COUNTS
        for what, array in {"images": np.asarray(smooth, order=order), "labels": np.array([0, 1, 0])}.items()
    }
    np.savez_compressed(tmp_path / "own_224.npz", **arrays)
    data = datasets.load(tmp_path / "own_224.npz", side=64)
    assert data.images.shape == (9, 64, 64, count or 1)
    assert data.entry.notes == ("scaled from 224 x 224 to 64 x 64 pixels: all pictures",)
    wanted = (np.arange(64) + 0.5) * 3.5 - 0.5
    for picture, line in ((0, lambda one: one[:, 9]), (2, lambda one: one[9, :])):
        difference = line(data.images[picture, ..., 0].astype(float)) - wanted
        assert np.abs(difference[2:-2]).max() <= 1
    whole = datasets.load(tmp_path / "own_224.npz")
    assert (whole.images.shape, whole.entry.notes) == ((9, 224, 224, count or 1), ())
    np.testing.assert_array_equal(datasets.load(tmp_path / "own_224.npz", side=300).images, whole.images)


def test_the_memory_is_that_of_the_smaller_pictures(tmp_path):
    import tracemalloc

    noise = np.zeros((400, 224, 224), np.uint8)
    arrays = {f"{part}_images": noise for part in COUNTS} | {f"{part}_labels": np.arange(400) % 2 for part in COUNTS}
    np.savez_compressed(tmp_path / "own.npz", **arrays)
    datasets.load(tmp_path / "own.npz", side=28)  # loads the libraries
    tracemalloc.start()
    data = datasets.load(tmp_path / "own.npz", side=28)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert data.images.nbytes < 1e6
    assert most < 12e6  # the file unpacks to 60 MB


def test_a_side_that_is_no_size(archive):
    with pytest.raises(UsageError, match="The option --side is 4; give 8 pixels or more."):
        datasets.load(archive(), side=4)


def test_an_archive_has_no_columns(archive):
    assert refused(archive(), label="y") == (
        "own.npz: expected no option --label, since an .npz has no columns; leave it out."
    )


def test_the_kinds_are_those_with_a_format():
    assert own.KINDS == ("images", "scans", "sequences", "molecules", "records")
