"""The machinery of exercises, on a small exercise made here: what a learner may do, and what they then read."""

import functools
import signal
import subprocess
import sys
import textwrap
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from utils.errors import UsageError
from utils.exercises import attempt, core, expect, hint, limits, sources
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
        (np.zeros(60), "an array of shape (60,)"),
        (np.str_("young"), "'young'"),
        ([np.str_("young"), np.float64(0.1 + 0.2)], "['young', 0.3]"),
        ((np.int64(3),), "(3,)"),
        ({"a": np.float32(0.5)}, "{'a': 0.5}"),
        (returns_zero, "the function returns_zero"),
        (lambda: 0, "a function"),
        (object(), "an object"),
        (reversed("abc"), "an iterator (reversed)"),
        ((letter for letter in "abc"), "an iterator (generator)"),
        (np.random.default_rng(0), "a NumPy generator"),
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


@pytest.fixture
def split():
    """An exercise with two parts and mistakes that look alike on some inputs."""

    def mean_and_spread(values, scale=1.0):
        if len(values) == 0:
            raise ValueError("no values")
        return np.mean(values) * scale, np.ptp(values)

    item = Exercise("9.2", "Mean and spread", mean_and_spread, 1, ["…"], returns=("mean", "spread"))

    @item.wrong("the first value", says="your mean is the first value, {got}")
    def _(values, scale=1.0):
        return values[0] * scale, np.ptp(values)

    @item.wrong("the median", says="your mean is the median")
    def _(values, scale=1.0):
        return np.median(values) * scale, item(values)[1]

    @item.wrong("mean alone", says="you returned the mean alone")
    def _(values, scale=1.0):
        return item(values)[0]

    @item.wrong("raises", says="your code cannot scale by {scale}")
    def _(values, scale=1.0):
        if scale != 1:
            raise KeyError("scale")
        return item(values)

    @item.wrong("nothing for nothing", says="you made up a mean")
    def _(values, scale=1.0):
        return item(values, scale) if len(values) else (0.0, 0.0)

    @item.wrong("sorts in place", says=core.changes("values"))
    def _(values, scale=1.0):
        values.sort()
        return item(values, scale)

    @item.checks
    def _(answer, rng):
        answer.case("a pair", np.array([2.0, 4.0]), why="add up and divide")
        answer.case("three", np.array([5.0, 2.0, 5.0]), why={"mean": "m", "spread": "s"})  # median = first value
        answer.case(None, np.array([1.0, 2.0, 6.0]), scale=2.0)
        answer.refuses("no values", np.zeros(0), why="there is no mean")

    return item


def test_each_mistake_hears_its_own_sentence(split):
    for mistake in split.wrong_answers:
        status, message = split.judge(mistake.function)
        assert status == "wrong"
        assert mistake.says.split("{")[0] in message


def test_a_mistake_is_named_only_if_it_would_have_passed_the_cases_before(split):
    """On [5, 2, 5] the first value is the median, but who takes the first value fails on [2, 4] already."""
    assert split.judge(lambda values, scale=1.0: (np.median(values) * scale, np.ptp(values))) == (
        "wrong",
        "for three your mean is the median",
    )
    message = split.judge(lambda values, scale=1.0: (values[0] if len(values) > 2 else np.mean(values), np.ptp(values)))
    assert message == ("wrong", "for three your mean is the median")
    assert "first value" in split.judge(lambda values, scale=1.0: (values[0] * scale, np.ptp(values)))[1]


def test_a_mistake_is_known_by_the_parts_in_which_it_shows(split):
    message = split.judge(lambda values, scale=1.0: (values[0], -1.0))[1]
    assert message.startswith("for a pair your mean is the first value")


def test_without_a_known_mistake_the_part_and_the_reason_are_named(split):
    assert split.judge(lambda values, scale=1.0: (np.mean(values), np.ptp(values) + (len(values) > 2)))[1] == (
        "for three your spread is 4 where 3 is expected: s"
    )
    assert "(mean, spread) is expected" in split.judge(lambda values, scale=1.0: "both")[1]


def test_a_refusal_may_be_any_that_is_on_purpose(split):
    def refusing(error):
        def answer(values, scale=1.0):
            if len(values) == 0:
                raise error
            return split(values, scale)

        return split.judge(answer)

    for error in [ValueError("empty"), AssertionError(), Exception("empty")]:
        assert refusing(error) == ("passed", "")
    status, message = refusing(IndexError("list index out of range"))
    assert status == "wrong"
    assert "stumbled in line" in message
    assert "refuse on purpose" in message
    assert split.judge(lambda values, scale=1.0: (1.0, 1.0) if len(values) == 0 else split(values, scale)) == (
        "wrong",
        "for no values you returned (1.0, 1.0); refuse, raise ValueError(…): there is no mean",
    )


def test_reference_and_mistakes_see_the_same_random_numbers_and_disturb_no_record():
    def draw(values, rng, record):
        record(len(values))
        return rng.permutation(values)

    item, seen = Exercise("9.3", "Draw", draw, 1, ["…"]), []

    @item.wrong("backwards", says="your order is turned round")
    def _(values, rng, record):
        return draw(values, rng, record)[::-1]

    @item.checks
    def _(answer, rng):
        answer.case("ten numbers", np.arange(10), rng, lambda number: None)
        seen.clear()
        got = answer(np.arange(8), rng, seen.append)
        assert seen == [8]
        answer.expect(len(got) == 8, "backwards")

    assert item.judge(lambda values, rng, record: draw(values, rng, record)) == ("passed", "")
    message = item.judge(lambda values, rng, record: draw(values, rng, record)[::-1])[1]
    assert message == "for ten numbers your order is turned round"


def test_the_name_of_a_mistake_is_looked_up_even_if_all_is_well(double):
    double.checker = lambda answer, rng: answer.expect(True, "no such mistake")
    with pytest.raises(LookupError, match="no such mistake"):
        double.judge(lambda values, factor=2: values * 2)


def test_more_than_one_answer_may_be_right():
    item = Exercise("9.4", "A larger number", lambda number: number + 1, 1, ["…"])

    @item.wrong("smaller", says="{got} is smaller than {number}")
    def _(number):
        return number - 1

    @item.checks
    def _(answer, rng):
        answer.case(None, 3, accept=lambda got: got > 3, why="above 3")

    assert item.judge(lambda number: [9][0] * number)[0] == "passed"
    assert item.judge(lambda number: 2) == ("wrong", "for number = 3 2 is smaller than 3")
    assert item.judge(lambda number: 0 * number)[1] == "for number = 3 you returned 0: above 3"
    assert "an array of shape (1,)" in item.judge(lambda number: [number + 1])[1]


def test_the_reason_may_speak_of_the_result_where_several_are_right():
    item = Exercise("9.4", "A larger number", lambda number: number + 1, 1, ["…"])

    @item.checks
    def _(answer, rng):
        answer.case(None, 3, accept=lambda got: got > 3, why=lambda got: f"{got} is {3 - got} too small")

    assert item.judge(lambda number: 1 + 0 * number)[1] == "for number = 3 you returned 1: 1 is 2 too small"


def test_a_right_dictionary_is_not_blamed_for_a_wrong_number_beside_it():
    item = Exercise("9.6", "Scores", lambda a: ({"a": a, "b": 2 * a}, a), 1, ["…"], returns=("scores", "gap"))

    @item.checks
    def _(answer, rng):
        answer.case(None, 0.25)

    assert item.judge(lambda a: ({"a": a, "b": 2 * a}, a + 1))[1] == (
        "for a = 0.25 your gap is 1.25 where 0.25 is expected"
    )
    assert item.judge(lambda a: ({"a": a, "b": a}, a))[1] == (
        "for a = 0.25 your scores are {'a': 0.25, 'b': 0.25} where {'a': 0.25, 'b': 0.5} is expected"
    )


def test_a_changed_list_of_arrays_wants_a_deep_copy():
    item = Exercise("9.7", "Sum", lambda arrays: arrays[0] + arrays[1], 1, ["…"])

    @item.checks
    def _(answer, rng):
        answer.case("two arrays", [np.ones(2), np.ones(2)])

    def adds_in_place(arrays):
        arrays[0] += arrays[1]
        return arrays[0]

    assert "your code changed arrays itself; work on a copy, copy.deepcopy(arrays)" in item.judge(adds_in_place)[1]


def test_in_a_list_of_arrays_the_wrong_array_is_named():
    item = Exercise("9.5", "Twice", lambda arrays: [2 * array for array in arrays], 1, ["…"])

    @item.checks
    def _(answer, rng):
        answer.case("two arrays", [np.ones(2), np.ones((3, 1))], why="twice as much")

    assert item.judge(lambda arrays: [arrays[0] * 2, arrays[1] * 3])[1] == (
        "for two arrays your array 1 is 3 at [0, 0] where 2 is expected: twice as much"
    )
    assert "you returned [[1., 1.]] where [[2., 2.], " in item.judge(lambda arrays: arrays[:1])[1]


def wraps_reference(item):
    @functools.wraps(item.function)
    def wrapper(*arguments):
        return item.function(*arguments)

    return wrapper


@pytest.mark.parametrize(
    "own",
    [
        lambda item: item.function,
        lambda item: item,
        wraps_reference,
        lambda item: functools.partial(item.function),
        lambda item: types.FunctionType(item.function.__code__, globals()),
    ],
)
def test_the_courses_own_function_is_no_attempt(shown, double, monkeypatch, own):
    monkeypatch.setattr(core, "get", lambda identifier: double)
    core.check("9.1", own(double))
    assert shown[0][EXERCISE_MIME]["status"] == "open"
    assert shown[0][EXERCISE_MIME]["points"] == 0
    assert "this is the course's own solution" in shown[0]["text/plain"]


def never_ends(values, factor=2):
    while True:
        try:
            values = values + 1
        except Exception:
            continue


def sleeps(values, factor=2):
    threading.Event().wait()


no_alarm = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal.setitimer, which ends a wait")


@pytest.mark.parametrize("answer", [never_ends, pytest.param(sleeps, marks=no_alarm)])
def test_code_that_does_not_end_is_stopped(double, monkeypatch, answer):
    monkeypatch.setattr(attempt, "TIME_LIMIT", 0.1)
    status, message = double.judge(answer)
    assert status == "wrong"
    assert "had not ended after 0.1 seconds and was stopped in line" in message
    monkeypatch.undo()  # the next answer may have to wait for the machine
    assert double.judge(lambda values, factor=2: values * 2) == ("passed", "")


def test_code_that_does_not_end_is_stopped_in_another_thread_too(double, monkeypatch):
    monkeypatch.setattr(attempt, "TIME_LIMIT", 0.1)
    with ThreadPoolExecutor(1) as pool:
        status, message = pool.submit(double.judge, never_ends).result()
        monkeypatch.undo()  # the next answer may have to wait for the machine
        assert pool.submit(double.judge, lambda values, factor=2: values * 2).result() == ("passed", "")
    assert status == "wrong"
    assert "was stopped in line" in message


@no_alarm
def test_the_alarm_of_somebody_else_is_set_again():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        with limits.time_limit(100):
            pass
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 100
        signal.raise_signal(signal.SIGALRM)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_error_is_shown_with_the_line_of_the_learners_cell(double):
    shell = InteractiveShell()
    shell.run_cell("def helper(values):\n    return values.nothing\n")
    shell.run_cell("def answer(values, factor=2):\n    twice = helper(values)\n    return twice\n")
    message = double.judge(shell.user_ns["answer"])[1]
    assert "AttributeError in line 2: return values.nothing (" in message
    shell.run_cell(
        "def answer(values, factor=2):\n    'My own.'\n    twice = np.sort(values, axis=7)\n    return twice\n"
    )
    shell.user_ns["np"] = np
    assert "in line 3: twice = np.sort(values, axis=7)" in double.judge(shell.user_ns["answer"])[1]


def test_the_line_is_the_learners_and_not_that_of_a_library(double):
    library, cell = {}, {}
    exec(compile("def ask():\n    raise OSError('closed')\n", "/lib/ipykernel/kernelbase.py", "exec"), library)
    source = "def answer(values, factor=2):\n    return ask()\n"
    exec(compile(source, "/tmp/ipykernel_12/34.py", "exec"), library, cell)
    assert "OSError in line 2 (closed)" in double.judge(cell["answer"])[1]
    library.clear()
    exec(compile("def ask():\n\n    return 1 / 0\n", "/tmp/ipykernel_12/56.py", "exec"), library)  # a cell before
    exec(compile(source, "/tmp/ipykernel_12/34.py", "exec"), library, cell)
    assert "ZeroDivisionError in line 3 (" in double.judge(cell["answer"])[1]


def test_only_the_first_line_of_a_long_error_is_shown(double):
    long = RuntimeError("what went wrong\n" + "node { }\n" * 500)

    def answer(values, factor=2):
        raise long

    message = double.judge(answer)[1]
    assert "(what went wrong)" in message
    assert "node" not in message


@pytest.mark.parametrize(
    ("got", "wanted", "words"),
    [
        (0.42069, 0.42071, "returned 0.42069 where 0.42071"),
        (np.float64(1e-9), 1e-8, "returned 1e-09 where 1e-08"),
        (np.array([1.0]), 1.0, "an array of shape (1,) where a single number is"),
        (0.0, np.zeros((0, 0)), "a single number where an array of shape (0, 0) is"),
        (np.array([True, False]), np.array([True, True]), "returned False at [1] where True is"),
        (np.array([0.5, 1]), np.array([True, True]), "numbers such as 0.5, where True and False"),
        (np.str_("young"), "old", "returned 'young' where 'old' is"),
        (["C", "N"], ["C", "O"], "where ['C', 'O'] is"),
    ],
)
def test_what_came_can_be_told_from_what_was_expected(got, wanted, words):
    with pytest.raises(Wrong) as wrong:
        expect_close(got, wanted, tolerance=1e-12)
    assert words in str(wrong.value)


@pytest.mark.parametrize("mask", [[1, 0], [1.0, 0.0], [True, False], np.array([1, 0], np.float32)])
def test_a_mask_may_be_of_bool_or_of_0_and_1(mask):
    assert expect_array(mask, (2,), dtype_kind="b").dtype == bool
    expect_close(mask, [True, False])


def test_parts_may_be_a_tuple_a_list_or_the_rows_of_an_array():
    for value in [(1, 2), [1, 2], np.array([1, 2]), np.quantile([1, 2, 3], [0.0, 0.5])]:
        np.testing.assert_array_equal(expect.expect_parts(value, ["low", "high"]), [1, 2])
    for value in [3, np.float64(3), np.ones(3), "ab", (1,)]:
        with pytest.raises(Wrong, match=r"\(low, high\) is expected"):
            expect.expect_parts(value, ["low", "high"])


def test_single_precision_is_precise_enough():
    values = np.linspace(0.1, 7, 50)
    expect_close(np.exp(values.astype(np.float32)), np.exp(values))
    with pytest.raises(Wrong):
        expect_close(np.exp(values.astype(np.float32)).astype(float) * 1.0001, np.exp(values))


@pytest.mark.parametrize("number", [3.4, np.float64(3.4), "3.4"])
def test_a_number_without_quotes_is_understood(number):
    assert core.get(number).id == "3.4"
    assert sources.solution_source(number).startswith("def max_pool(")


@pytest.mark.parametrize(
    ("asked", "words"),
    [(3, "there are 3.1"), (3.9, "no exercise 3.9; there are 3.1"), ("3.40", "there are 3.1"), (len, "in quotes")],
)
def test_a_number_that_means_no_exercise(asked, words):
    with pytest.raises(UsageError, match=words):
        core.get(asked)


def test_an_ambiguous_number_wants_quotes(monkeypatch):
    monkeypatch.setattr(sources, "_declarations", lambda *_: {"3.1": ("a", ""), "3.10": ("a", "")})
    with pytest.raises(UsageError, match=r'write the number in quotes, "3\.1"'):
        sources.find_id(3.1)
    assert sources.find_id("3.10") == "3.10"


def test_a_time_limit_leaves_nothing_behind():
    """After a limit in another thread, what traces the program (a debugger, a measurement) still gets on."""
    code = """
        import sys, threading
        from utils.exercises.limits import TimeUp, time_limit

        def limited():
            for seconds in (5, 0.05):
                try:
                    with time_limit(seconds):
                        while seconds < 1:
                            pass
                except TimeUp:
                    print("stopped")
            sys.settrace(lambda *_: None)
            (lambda: None)()
            print("on")

        thread = threading.Thread(target=limited, daemon=True)
        thread.start()
        thread.join(60)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["stopped", "on"]
