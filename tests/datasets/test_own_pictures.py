"""Picture files of a reader's own: in a folder for each class, or named by a table with labels and patients."""

import numpy as np
import pytest
from PIL import Image

from datasets.own_files import refused, rows
from utils import datasets
from utils.datasets.own.needs import plan
from utils.datasets.own.summary import summary

RNG = np.random.default_rng(0)


def picture(path, height=12, width=10, channels=3, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width, channels) if channels > 1 else (height, width)
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


@pytest.fixture
def study(tmp_path):
    """Eight pictures in each of two folders."""
    folder = tmp_path / "study"
    pixels = {f"{label}/{n}.png": picture(folder / label / f"{n}.png") for label in ("ill", "well") for n in range(8)}
    return folder, pixels


@pytest.mark.parametrize("kind", [None, "images"])
def test_a_folder_for_each_class(study, kind):
    folder, pixels = study
    for name in (".DS_Store", "Thumbs.db", "ill/.hidden.png"):
        (folder / name).write_bytes(b"x")
    data = datasets.load(folder, kind=kind)
    assert data.images.shape == (16, 12, 10, 3)
    np.testing.assert_array_equal(data.images, np.stack([pixels[name] for name in sorted(pixels)]))
    assert (data.class_names, data.labels.tolist()) == (("ill", "well"), [0] * 8 + [1] * 8)
    assert len(set(data.groups.tolist())) == 16
    assert data.split is None
    assert data.entry.split == "by group"
    assert len(data.entry.notes) == 1
    assert data.entry.notes[0].startswith("no patient is known: each picture counts as its own patient")
    assert sum(map(len, plan(data).parts().values())) == 16
    assert summary(data)["pictures"].startswith("16 (")


def test_the_same_picture_twice_is_never_divided(study):
    folder, _ = study
    (folder / "well" / "copy.png").write_bytes((folder / "ill" / "0.png").read_bytes())
    groups = datasets.load(folder).groups
    assert groups[0] == groups[-1]
    assert len(set(groups.tolist())) == 16


def test_folders_of_patients_inside_those_of_the_classes(tmp_path):
    for n in range(24):
        picture(tmp_path / "study" / ("ill", "well")[n % 2] / f"patient {n // 4}" / f"{n}.jpg", quality=95)
    data = datasets.load(tmp_path / "study")
    assert len(set(data.groups.tolist())) == 6  # a patient of both classes is one patient
    assert "the folders inside those of the classes were read as patients" in data.entry.notes
    picture(tmp_path / "study" / "ill" / "alone.png")
    assert refused(tmp_path / "study") == (
        "study: expected all pictures in folders of patients, or none, found both; sort them in one way."
    )


def test_folders_of_the_parts_are_the_split(tmp_path):
    for part, count in (("train", 8), ("val", 4), ("test", 6)):
        for n in range(count):
            picture(tmp_path / "study" / part / ("ill", "well")[n % 2] / f"{n}.png")
    data = datasets.load(tmp_path / "study")
    assert [len(part) for part in data.split.parts().values()] == [8, 4, 6]
    assert data.entry.split == "in the file"
    (tmp_path / "study" / "val").rename(tmp_path / "val")
    assert [len(part) for part in datasets.load(tmp_path / "study").split.parts().values()] == [8, 0, 6]
    picture(tmp_path / "study" / "more" / "ill" / "1.png")
    assert "in train, val and test" in refused(tmp_path / "study")


def test_a_patient_in_two_parts(tmp_path):
    for part, patient in (("train", "p1"), ("train", "p2"), ("test", "p3"), ("test", "p1")):
        for label in ("ill", "well"):
            picture(tmp_path / "study" / part / label / patient / "1.png")
    assert refused(tmp_path / "study") == (
        "study: expected each patient in one part only, found 'p1' in test and training."
    )


@pytest.fixture
def table(tmp_path):
    """24 pictures in a folder, two of each patient, and a table of them; returns a function that writes the table."""
    folder = tmp_path / "study"
    for n in range(24):
        picture(folder / "pictures" / f"im{n}.png")

    def write(header="image_id,dx,patient_id", row="im{n},{label},p{patient}", name="labels.csv", more=()):
        lines = [row.format(n=n, label=("nv", "mel")[n // 2 % 2], patient=n // 2) for n in range(24)]
        (folder / name).write_text(rows(header, *lines, *more))
        return folder

    return write


@pytest.mark.parametrize(
    ("header", "row", "options"),
    [
        ("image_id,class,patient_id", "im{n},{label},p{patient}", {}),
        ("file,label,group", "pictures/im{n}.png,{label},{patient}", {}),
        ("File Name;Category;Subject", "im{n}.png;{label};{patient}", {}),
        ("what,dx,who", "im{n}.png,{label},{patient}", {"id": "what", "label": "dx", "group": "who"}),
        ("file,label,patient", "im{n},{label},{patient}", {}),
        ("image_id,dx,lesion_id", "im{n},{label},{patient}", {"label": "dx", "group": "lesion_id"}),
        ("img,y,patient,age", ".\\pictures\\im{n}.png,{label},{patient},50", {}),
    ],
)
def test_a_table_names_file_label_and_patient(table, header, row, options):
    folder = table(header, row)
    data = datasets.load(folder, **options)
    assert data.images.shape == (24, 12, 10, 3)
    assert data.class_names == ("mel", "nv")
    assert data.labels.tolist() == [1, 1, 0, 0] * 6
    assert len(set(data.groups.tolist())) == 12
    assert not any("no patient is known" in note for note in data.entry.notes)
    kind = "images" if "id" in options else None
    assert datasets.load(folder / "labels.csv", kind, **options).labels.tolist() == data.labels.tolist()
    parts = plan(data).parts().values()
    assert not set.intersection(*(set(data.groups[rows].tolist()) for rows in parts))


def test_a_table_may_state_the_split(table):
    row = "im{n},{label},p{patient},{part}"
    lines = [row.format(n=n, label=n % 2, patient=n // 2, part=("train", "Val", "test")[n // 2 % 3]) for n in range(24)]
    folder = table()
    (folder / "labels.csv").write_text(rows("file,label,patient,split", *lines))
    data = datasets.load(folder)
    assert [part.tolist()[:3] for part in data.split.parts().values()] == [[0, 1, 6], [2, 3, 8], [4, 5, 10]]
    (folder / "labels.csv").write_text(rows("file,label,patient,split", *lines).replace("p0,train", "p0,tain"))
    assert refused(folder) == "labels.csv, line 2, column split: expected train, val or test, found 'tain'."
    (folder / "labels.csv").write_text(rows("file,label,patient,split", *(line[:-3] + "3" for line in lines)))
    data = datasets.load(folder)
    assert data.split is None
    assert any(note.startswith("left out, since it does not say train") for note in data.entry.notes)


def test_pictures_that_the_table_does_not_name_are_left_out(table):
    folder = table("file,label,patient")
    picture(folder / "pictures" / "more.png")
    assert "left out, since the table does not name them: 1 picture" in datasets.load(folder).entry.notes


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            ["im99,nv,p1"],
            "labels.csv, line 26, column file: expected the name of a picture in study, found 'im99', and",
        ),
        (["im3.png,nv,p1"], "line 26, column file: expected each picture once, found 'im3.png' here and in line 5."),
        (["im3.png,,p1"], "labels.csv, line 26, column label: expected a value, found an empty field (or NA, NaN)."),
        ([",nv,p1"], "labels.csv, line 26, column file: expected a value"),
    ],
)
def test_a_row_that_does_not_fit(table, more, words):
    assert words in refused(table("file,label,patient", more=more))


def test_columns_that_are_missing(table):
    assert refused(table("a,label,patient"), "images") == (
        "labels.csv, line 1: expected a column file, found a, label, patient; name it with --id."
    )
    assert refused(table("file,b,patient")) == (
        "labels.csv, line 1: expected a column label, found file, b, patient; name it with --label."
    )
    assert refused(table("file,b,patient"), id="fil") == (
        "labels.csv, line 1: expected the column fil that --id names, found file, b, patient; did you mean file?"
    )


def test_a_table_of_another_name_is_found_when_it_is_the_only_one(table):
    folder = table("file,label,patient", name="dermatology.csv")
    assert datasets.load(folder).class_names == ("mel", "nv")
    (folder / "other.csv").write_text("a,b\n")
    assert refused(folder) == (
        "study: expected one table of labels, or one called labels.csv, found dermatology.csv, other.csv."
    )


SIZES = [(30, 40), (40, 30), (60, 60), (40, 100)]


def test_different_sizes_become_squares_and_it_is_said(tmp_path):
    for n in range(16):
        picture(tmp_path / "study" / "ab"[n % 2] / f"{n:02}.png", *SIZES[n // 4])
    data = datasets.load(tmp_path / "study")
    assert data.images.shape == (16, 35, 35, 3)
    assert data.entry.notes[0] == "scaled to 35 x 35 pixels, of each the middle square: 16 pictures"
    assert datasets.load(tmp_path / "study", side=20).images.shape == (16, 20, 20, 3)


def test_the_middle_square_is_the_middle(tmp_path):
    for n in range(4):
        white = np.zeros((20, 60), np.uint8)
        white[:, 20:40] = 255
        path = tmp_path / "study" / "ab"[n % 2] / f"{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(white if n else white[:, 20:40]).save(path)
    images = datasets.load(tmp_path / "study").images
    assert images.shape == (4, 20, 20, 1)
    assert images[:, :, 1:-1].min() == 255


def test_one_size_keeps_its_proportions(study):
    data = datasets.load(study[0], side=8)
    assert data.images.shape == (16, 10, 8, 3)
    assert data.entry.notes[0] == "scaled to 10 x 8 pixels: 16 pictures"


def test_grey_colour_and_turned_pictures(tmp_path):
    folder = tmp_path / "study"
    for n in range(6):
        picture(folder / "ab"[n % 2] / f"{n}.png", channels=1)
    assert datasets.load(folder).images.shape == (6, 12, 10, 1)
    Image.fromarray(RNG.integers(0, 256, (12, 10, 4), dtype=np.uint8), "RGBA").save(folder / "a" / "7.png")
    Image.fromarray(RNG.integers(0, 256, (12, 10), dtype=np.uint8)).convert("P").save(folder / "b" / "7.gif")
    data = datasets.load(folder)
    assert data.images.shape == (8, 12, 10, 3)
    assert "some pictures are grey and some in colour: all were read in colour" in data.entry.notes
    turned = Image.Exif()
    turned[0x0112] = 6  # as a camera writes a picture that was taken upright
    lying = np.zeros((10, 12), np.uint8)
    lying[:5] = 255
    Image.fromarray(lying).save(folder / "a" / "8.png", exif=turned)
    data = datasets.load(folder)
    assert data.images.shape == (9, 12, 10, 3)
    upright = data.images[4, ..., 0]
    assert (upright[:, 5:].min(), upright[:, :5].max()) == (255, 0)


def test_several_pages_are_said(study):
    folder, _ = study
    pages = [Image.fromarray(RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)) for _ in range(2)]
    pages[0].save(folder / "ill" / "pages.tif", save_all=True, append_images=pages[1:])
    assert "of several pages or moments only the first was read: 1 picture" in datasets.load(folder).entry.notes


def deep(path):
    Image.fromarray(RNG.integers(0, 4096, (12, 10)).astype(np.uint16)).save(path)


def short(path):
    picture(path)
    path.write_bytes(path.read_bytes()[:100])


REFUSED = {
    "16 bits": (deep, "study, x.png: expected 8 bits per pixel, found 16; save it with 8, in the right window."),
    "cut short": (
        short,
        "study, x.png: expected a picture that can be opened, found a file that is damaged, cut short",
    ),
    "something else": (
        lambda path: path.write_text("no picture"),
        "x.png: expected a picture that can be opened, found a file that is damaged, cut short or something else.",
    ),
    "empty": (lambda path: path.touch(), "study, x.png: expected a picture that can be opened"),
    "tiny": (lambda path: picture(path, 7, 9), "study, x.png: expected 8 x 8 pixels or more, found (7, 9)."),
}


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_a_picture_that_does_not_fit(study, make, words):
    make(study[0] / "ill" / "x.png")
    assert words in refused(study[0])


def test_a_picture_of_too_many_pixels(study, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    assert "study, 0.png: expected a picture of which several fit into memory, found too many pixels" in refused(
        study[0]
    )


def test_pictures_that_are_too_many_are_refused_before_they_are_read(study, monkeypatch):
    monkeypatch.setattr("utils.datasets.own.reading.LIMIT", 5_000)
    assert refused(study[0]).startswith(
        "study: expected 5e-06 GB at the most, found 0.0 GB of pixels; a smaller --side"
    )


def test_folders_without_classes(tmp_path):
    for name in ("a.png", "b.png"):
        picture(tmp_path / "flat" / name)
        picture(tmp_path / "one" / "ill" / name)
    assert refused(tmp_path / "flat") == (
        "flat: expected pictures in a folder for each class (and there, if you like, in one for each patient), or a "
        "table labels.csv, found a.png."
    )
    assert refused(tmp_path / "one") == "one: expected a folder for each of two classes or more, found only ill."
    picture(tmp_path / "deep" / "a" / "b" / "c" / "1.png")
    assert "found a/b/c/1.png." in refused(tmp_path / "deep")
    assert refused(tmp_path / "one" / "ill" / "a.png") == (
        "a.png: expected a folder of pictures or a table that names them, found one picture."
    )


def test_files_that_are_no_pictures_are_said_and_options_need_a_table(study):
    folder, _ = study
    (folder / "ill" / "notes.docx").write_text("x")
    assert datasets.load(folder).entry.notes[0] == "left out, no pictures: notes.docx"
    assert refused(folder, label="x") == (
        "study: expected no option --label, since there is no table labels.csv; leave it out."
    )


def test_a_study_makes_large_pictures_smaller_unless_it_is_told(tmp_path):
    from utils.applications import study

    for n in range(24):
        picture(tmp_path / "study" / "ab"[n % 2] / f"{n}.png", 100, 80)
    assert study.load(str(tmp_path / "study"), "images").images.shape[1:3] == (80, 64)
    assert study.load(str(tmp_path / "study"), "images", side=90).images.shape[1:3] == (100, 80)
    assert study.load("nuclei", "images").images.shape[1:3] == (48, 48)
