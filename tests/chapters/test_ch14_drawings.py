"""The drawings of chapter 14 say what travels along their arrows."""

from chapters.drawn import assert_nothing_is_cut_off, texts
from utils.chapters.ch14_drawings import conformal_recipe, federated_round


def test_the_conformal_recipe_has_its_shapes():
    figure = conformal_recipe(149, 225, 3)
    assert_nothing_is_cut_off(figure)
    words = [text.get_text() for text in texts(figure)]
    assert {"(149, 3)", "(149,)", "(225, 3)", "bool (225, 3)"} <= set(words)


def test_a_round_has_every_hospital_and_the_number_of_weights():
    figure = federated_round({"A": 513, "B": 961, "C": 1600}, 98)
    assert_nothing_is_cut_off(figure)
    words = "\n".join(text.get_text() for text in texts(figure))
    assert all(said in words for said in ("513 patients", "1,600 patients", "w (98,)", "w of C (98,)"))
