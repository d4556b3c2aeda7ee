"""The errata of chapter 06: each broken step really fails, as it is said to, and each repair really runs."""

from dataclasses import replace

import pytest

from utils.chapters import ch06_errata as errata
from utils.chapters.ch06_errata import ERRATA
from utils.errors import CourseError

EXPECTED = {
    "the count": (AssertionError, "50,000"),
    "NumPy": (NameError, "np"),
    "the crop": (ImportError, "crop_to_square"),
    "the generator": (ImportError, "ImageDataGenerator"),
    "built, never used": (AssertionError, "not in the model"),
    "the CNN's class": (ImportError, "ConvNet"),
    "the RNN's input": (ValueError, "expected ndim=3, found ndim=4"),
    "attention": (ValueError, "activation"),
    "the learning rate": (ValueError, "lr"),
    "the loss": (ValueError, "must have the same shape"),
}

each = pytest.mark.parametrize("item", ERRATA, ids=lambda item: item.name)


@each
def test_the_broken_step_fails_as_the_table_says(item):
    kind, words = EXPECTED[item.name]
    error = item.error()
    assert type(error) is kind
    assert words in str(error)


@each
def test_the_repair_runs(item):
    item.repair()


@each
def test_the_repair_is_no_longer_broken(item):
    """The repair in the place of the broken code: then it is an erratum no longer, and the check must notice."""
    with pytest.raises(CourseError, match="is out of date"):
        replace(item, broken=item.repaired).error()


def test_every_broken_step_of_the_article_is_there():
    assert [item.name for item in ERRATA] == list(EXPECTED)
    assert [item.section for item in ERRATA] == sorted(item.section for item in ERRATA)


def test_a_repair_that_fails_is_not_hidden():
    with pytest.raises(NameError):
        replace(ERRATA[1], repaired=ERRATA[1].broken).repair()


def test_code_is_run_in_a_namespace_of_its_own():
    numpy_is_missing = next(item for item in ERRATA if item.name == "NumPy")
    numpy_is_missing.repair()
    assert isinstance(numpy_is_missing.error(), NameError)


def test_words_name_no_folder_of_this_machine():
    for item in ERRATA:
        words = errata.words_of(item.error())
        assert "\n" not in words
        assert "site-packages" not in words


def test_the_table_shows_the_error_that_was_caught(monkeypatch):
    shown = []
    monkeypatch.setattr(errata, "display", lambda bundle, raw: shown.append(bundle))
    errors = errata.show(ERRATA[:3])
    assert [type(error) for error in errors] == [AssertionError, NameError, ImportError]
    for text in shown[0].values():
        assert "NameError" in text
        assert "crop_to_square" in text
    assert shown[0]["text/html"].count("<tr>") == 4
