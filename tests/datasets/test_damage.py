"""A snapshot that is missing, cut short or changed: one sentence that names the file and what restores it."""

import shutil

import pytest

from utils import datasets
from utils.datasets.catalogue import data_folder
from utils.datasets.store import state
from utils.errors import CourseError

SHIPPED = data_folder()
FILES = [(entry, file) for entry in datasets.catalogue().values() if entry.embedded for file in entry.files]
LOADED = [(entry, file) for entry, file in FILES if not file.path.endswith(".txt")]


def change(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "is missing": lambda path: path.unlink(),
    "is damaged: 10 bytes instead of": lambda path: path.write_bytes(path.read_bytes()[:10]),
    "is damaged: 0 bytes instead of": lambda path: path.write_bytes(b""),
    "is damaged: its size is right, its content is not": change,
}


@pytest.mark.parametrize("words", DAMAGE)
@pytest.mark.parametrize(("entry", "file"), LOADED, ids=[file.path for _, file in LOADED])
def test_damage_is_one_sentence(elsewhere, entry, file, words):
    for part in entry.files:
        (elsewhere / part.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHIPPED / part.path, elsewhere / part.path)
    DAMAGE[words](elsewhere / file.path)
    assert state(entry, file) == ("missing" if "missing" in words else "wrong")
    with pytest.raises(CourseError) as caught:
        datasets.load(entry.name)
        datasets.tissue_field(int(file.path.split("field_")[-1][0]))  # only the fields read the masks
    sentence = str(caught.value)
    assert sentence.startswith(f"The file data/{file.path} {words}")
    assert f"; bring it back with `course data rebuild {entry.name}` or `git checkout -- data/{file.path}`." in sentence
    assert "\n" not in sentence
