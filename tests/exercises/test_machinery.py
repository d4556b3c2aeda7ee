"""The machinery of exercises, on a small exercise made here: what a learner may do, and what they then read."""

import numpy as np
import pytest

from utils.exercises import core, expect, hint, sources
from utils.exercises.core import EXERCISE_MIME, Exercise, untouched
from utils.exercises.expect import Wrong, describe, expect_array, expect_close, expect_number


@pytest.fixture
def double():
    def reference(values, factor=2):
        return values * factor

    item = Exercise("9.1", "Double", reference, points=2, hints=["Multiply.", "By two."])

    @item.checks
    def _(answer, rng):
        values = rng.normal(size=4)
        got = expect_array(answer(values), shape=(4,), why="one number for each value")
        expect_close(got, 2 * values, why="multiply by two", inputs=f"values = {describe(values)}")

    return item


def test_reference_passes_and_is_callable(double):
    assert double.judge(lambda values, factor=2: values + values) == ("passed", "")
    np.testing.assert_array_equal(double(np.arange(3)), [0, 2, 4])


def stub_with_dots(values, factor=2):
    """One line."""
    ...


def stub_with_pass(values, factor=2):
    pass


def stub_with_none(values, factor=2):
    return None


@pytest.mark.parametrize("stub", [stub_with_dots, stub_with_pass, stub_with_none])
def test_a_stub_is_open_not_wrong(double, stub):
    assert untouched(stub)
    assert double.judge(stub)[0] == "open"


def returns_zero(values, factor=2):
    return 0


def forgets_return(values, factor=2):
    values * factor


def raises(values, factor=2):
    return values["a"]


def changes_input(values, factor=2):
    values *= 2
    return values


def other_signature(values):
    return values * 2


def returns_text(values, factor=2):
    return "twice"


def returns_ragged(values, factor=2):
    return [[1, 2], [3]]


def off_by_one_place(values, factor=2):
    result = values * 2
    result[3] = 0
    return result


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (returns_zero, ["a single number", "where an array of shape (4,) is expected", "one number for each value"]),
        (forgets_return, ["None", "return"]),
        (raises, ["for values = [", "IndexError"]),
        (changes_input, ["changed values itself", "values.copy()"]),
        (other_signature, ["it takes (values, factor), not (values)"]),
        (returns_text, ["'twice'", "numbers are expected"]),
        (returns_ragged, ["unequal lengths"]),
        (off_by_one_place, ["at [3]", "multiply by two"]),
        (5, ["pass your function itself", "5"]),
        (None, ["pass your function itself"]),
    ],
)
def test_feedback_says_what_is_wrong(double, answer, words):
    status, message = double.judge(answer)
    assert status == "wrong"
    for word in words:
        assert word in message


def test_a_fault_of_the_check_itself_is_not_blamed_on_the_learner(double):
    double.checker = lambda answer, rng: 1 / 0
    with pytest.raises(ZeroDivisionError):
        double.judge(lambda values, factor=2: values)


def test_a_tensor_is_as_good_as_an_array():
    import keras

    assert expect_array(keras.ops.ones((2, 3)), shape=(2, 3)).sum() == 6


def test_expect_close_accepts_nan_where_nan_is_wanted():
    expect_close([np.nan, 1], [np.nan, 1])
    with pytest.raises(Wrong):
        expect_close([0, 1], [np.nan, 1])


def test_expect_number_wants_one():
    assert expect_number(np.float32(0.5)) == 0.5
    with pytest.raises(Wrong, match="a single number"):
        expect_number([1, 2])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((4, 5)), "an array of shape (4, 5)"),
        (3, "3"),
        (list(range(99)), "a list of length 99"),
    ],
)
def test_describe(value, words):
    assert describe(value) == words


def test_check_shows_and_records(shown, double, monkeypatch):
    monkeypatch.setattr(core, "get", lambda identifier: double)
    core.check("9.1", stub_with_dots)
    core.check("9.1", returns_zero)
    core.check("9.1", lambda values, factor=2: values * 2)
    assert [bundle["text/plain"][0] for bundle in shown] == ["○", "✗", "✓"]
    assert [bundle[EXERCISE_MIME]["status"] for bundle in shown] == ["open", "wrong", "passed"]
    assert [bundle[EXERCISE_MIME]["points"] for bundle in shown] == [0, 0, 2]
    assert 'hint("9.1")' in shown[0]["text/plain"]
    assert "hint" not in shown[2]["text/plain"]


def test_hints_come_one_by_one(double, monkeypatch, capsys):
    monkeypatch.setattr(core, "get", lambda identifier: double)
    monkeypatch.setattr(core, "_hints_given", {})
    hint("9.1")
    assert capsys.readouterr().out == "Hint 1 of 2: Multiply.\n"
    for _ in range(2):
        hint("9.1")
        assert capsys.readouterr().out.splitlines() == ["Hint 1 of 2: Multiply.", "Hint 2 of 2: By two."]


def test_unknown_exercise_names_those_there_are():
    chapter = sources.exercise_ids()[0].split(".")[0]
    with pytest.raises(ValueError, match=f"{chapter}.1"):
        core.get(f"{chapter}.99")
    with pytest.raises(ValueError, match="there are"):
        core.get("ninety")


def test_wrong_is_raised_by_expect():
    with pytest.raises(Wrong, match="no"):
        expect.expect(False, "no")
    expect.expect(True, "no")
