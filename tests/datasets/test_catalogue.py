"""The catalogue is complete, and what it says of the files in data/ is true."""

import re
from urllib.parse import urlparse

import pytest

from utils import datasets
from utils.datasets.catalogue import data_folder, find, packages
from utils.datasets.store import state
from utils.errors import UsageError

DATA = data_folder()
ENTRIES = datasets.catalogue()
EMBEDDED = [entry for entry in ENTRIES.values() if entry.embedded]
SECTIONS = [
    "What it is",
    "Where it comes from",
    "Licence",
    "How the labels were made",
    "Who is missing, known biases",
    "Consent",
    "Not to be used for",
    "Counts",
]
NOTICES = {
    "Apache-2.0": "Licensed under the Apache License, Version 2.0",
    "BSD-3-Clause": "Redistributions of source code must retain the above copyright notice",
    "MIT": "The above copyright notice and this permission notice shall be included",
    "CC BY-NC-SA 4.0": "licensed CC BY-NC-SA 4.0",
    "CC BY 4.0": "Creative Commons Attribution 4.0 International",
    "ODC-By 1.0": "Open Data Commons Attribution License 1.0",
    "LGPL-2.0-or-later": "GNU Lesser General Public License",
}
MEDMNIST = [
    "path",
    "chest",
    "derma",
    "oct",
    "pneumonia",
    "retina",
    "breast",
    "blood",
    "tissue",
    "organa",
    "organc",
    "organs",
]


def test_every_dataset_of_the_course_is_there():
    shipped = {"nuclei", "cifar10_small", "efficientnet_lite0", "mmsplice_donor", "nafld", "pbc", "ecg5000"}
    shipped |= {"splice", "bbbp", "esol", "sider", "tox21", "scans", "dicom_samples", "dicom_folder"}
    assert {entry.name for entry in EMBEDDED} == shipped
    assert set(ENTRIES) - shipped == {"cifar10", "splice_chr19", "cranium", *(f"{name}mnist" for name in MEDMNIST)}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_complete(entry):
    for text in (entry.title, entry.task, entry.licence, entry.citation, entry.consent, entry.split):
        assert text.strip()
    assert entry.kind in {"images", "records", "signals", "sequences", "molecules", "weights", "scans", "files"}
    assert entry.licence_certainty in {"stated", "looked up", "second-hand", "not stated"}
    assert all(re.fullmatch(r"10\.\d{4,}/\S+", doi) for doi in entry.doi)
    assert entry.doi or entry.name.startswith("cifar10")  # a technical report has none
    assert entry.files


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_file_can_be_checked_and_had(entry):
    for file in entry.files:
        sources = [source for source in (*file.sources, *entry.sources) if source != "embedded"]
        assert sources
        for source in sources:
            address = source.split("#")[0]
            assert address in packages() or urlparse(address).scheme == "https"
        if address in packages():
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", file.digest)
            assert file.size
        else:
            assert re.fullmatch(r"md5:[0-9a-f]{32}", file.digest)
            assert file.size or file.at_most


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_card_tells_all(entry):
    card = (DATA / entry.card).read_text(encoding="utf-8")
    assert [title for title in re.findall(r"^## (.*)$", card, re.M) if title in SECTIONS] == SECTIONS
    assert f"`{entry.name}`" in card
    assert all(doi in card for doi in entry.doi)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_licence_has_a_source_and_a_date(entry):
    """In the catalogue and on the card; nothing is from memory."""
    assert urlparse(entry.licence_source).scheme == "https" or entry.licence_source.split("#")[0] in packages()
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", entry.licence_looked_up)
    card = (DATA / entry.card).read_text(encoding="utf-8")
    licence = card.split("## Licence\n")[1].split("\n## ")[0]
    source, _, inside = entry.licence_source.partition("#")
    assert source in licence and inside in licence
    assert f"looked up {entry.licence_looked_up}" in licence
    for page in (card, (DATA / "catalogue.toml").read_text(encoding="utf-8")):
        assert "memory" not in page


def test_the_readme_names_what_is_not_free():
    licences = (DATA.parent / "README.md").read_text(encoding="utf-8").split("## Licences")[1]
    for entry in ENTRIES.values():
        if "-NC" in entry.licence or entry.licence == "none":
            name = {"sider": "SIDER", "dermamnist": "DermaMNIST"}.get(entry.name, "CIFAR-10")
            assert name in licences
            assert "not for commercial use" in (DATA / entry.card).read_text(encoding="utf-8") or name == "CIFAR-10"
    assert "not for commercial use" in licences


@pytest.mark.parametrize("entry", EMBEDDED, ids=lambda entry: entry.name)
def test_a_licence_that_asks_for_its_notice_gets_it(entry):
    if entry.name == "cifar10_small":  # no licence, no notice
        assert entry.licence == "none"
        return
    notice = (DATA / entry.notice).read_text(encoding="utf-8")
    assert NOTICES[entry.licence] in " ".join(notice.split())


@pytest.mark.parametrize("entry", EMBEDDED, ids=lambda entry: entry.name)
def test_the_embedded_files_are_those_of_the_catalogue(entry):
    assert {file.path: state(entry, file) for file in entry.files} == {file.path: "ok" for file in entry.files}


def test_nothing_else_stands_in_data_and_it_is_small():
    known = {file.path for entry in EMBEDDED for file in entry.files} | {entry.notice for entry in EMBEDDED}
    known |= {entry.card for entry in ENTRIES.values()} | {
        "catalogue.toml",
        "YOUR_OWN.md",
        ".gitattributes",
        "nafld/LGPL-2.1.txt",
        "",
    }
    found = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file()}
    assert found <= known
    assert sum((DATA / path).stat().st_size for path in found) <= 40e6
    assert not [path for path in found if path.endswith((".pkl", ".pickle", ".npz"))]
    assert not [path for path in found if re.search(r"[^A-Za-z0-9_.\-/]", path)]


def test_medmnist_has_the_official_sums():
    known = {
        "breastmnist": "750601b1f35ba3300ea97c75c52ff8f6",
        "retinamnist": "bd4c0672f1bba3e3a89f0e4e876791e4",
        "pneumoniamnist": "28209eda62fecd6e6a2d98b1501bb15f",
    }
    for name, md5 in known.items():
        assert find(name).files[0].digest == f"md5:{md5}"
    assert find("breastmnist").files[0].size == 559_580
    assert find("dermamnist").licence == "CC BY-NC 4.0"
    assert len({find(f"{name}mnist").files[0].digest for name in MEDMNIST}) == 12


def test_a_wrong_name_names_the_close_ones():
    with pytest.raises(UsageError, match=r"no dataset 'pneumonia_mnist'; did you mean pneumoniamnist"):
        find("pneumonia_mnist")
    with pytest.raises(UsageError, match=r"no dataset 'xyz'; there are nuclei, cifar10_small"):
        datasets.load("xyz")
    with pytest.raises(UsageError, match="no option 'sise'; it has size"):
        datasets.load("nuclei", sise=28)
    with pytest.raises(UsageError, match="no option 'size'; it has none"):
        datasets.load("splice", size=28)
