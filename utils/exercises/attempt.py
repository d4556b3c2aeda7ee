"""A learner's function as a check sees it: each case is compared with the reference and with the known mistakes."""

import copy
import functools
import inspect
import string
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from utils.exercises.expect import (
    TOLERANCE,
    Wrong,
    alike,
    as_array,
    describe,
    expect_array,
    expect_close,
    expect_parts,
    told_apart,
)
from utils.exercises.limits import TimeUp, line_of, time_limit

TIME_LIMIT = 20.0  # seconds for one call of the learner's function; the references take milliseconds


def changes(name: str, *, nested: bool = False) -> str:
    """The sentence about a function that changes the argument of this name; ``nested``, where it holds arrays."""
    copied = f"copy.deepcopy({name})" if nested else f"{name}.copy()"
    return f"your code changed {name} itself; work on a copy, {copied}"


def duplicate(value: Any) -> Any:
    """A copy of an input: arrays copied, generators in the same state, functions and models as they are."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (np.random.Generator, np.random.RandomState)):
        return copy.deepcopy(value)
    if type(value) in {list, tuple}:
        return type(value)(map(duplicate, value))
    if type(value) is dict:
        return {key: duplicate(entry) for key, entry in value.items()}
    return value


def _same_input(before: Any, after: Any):
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if type(before) in {list, tuple}:
        return len(before) == len(after) and all(map(_same_input, before, after))
    if type(before) is dict:
        return before.keys() == after.keys() and all(_same_input(before[key], after[key]) for key in before)
    return True


@dataclass
class Case:
    """One input: its name in words, what the reference returns for it, and which results are right."""

    inputs: str
    arguments: tuple
    options: dict
    tolerance: float = TOLERANCE
    accept: object = None
    refused: bool = False
    shape: object = ""
    parts: tuple = ()
    wanted: object = None

    def run(self, function: Callable) -> tuple:
        """The result of a function for copies of this input, and the exception that it raised, one of them None."""
        try:
            with warnings.catch_warnings(action="ignore"):  # what our mistakes do is not the learner's business
                return function(*duplicate(self.arguments), **duplicate(self.options)), None
        except Exception as error:
            return None, error

    def right(self, result: Any, error: Exception | None) -> bool:
        """Whether a result, or an exception, is right here."""
        if self.refused or error:
            return self.refused and (isinstance(error, (ValueError, AssertionError)) or type(error) is Exception)
        if not self.accept:
            return alike(result, self.wanted, self.tolerance)
        try:
            return bool(self.accept(self.tidy(result)))
        except Wrong:
            return False

    def tidy(self, result: Any) -> Any:
        """A result in the form of the reference's: an array, bool for a mask, or a tuple of them, one for each part.

        Raises Wrong where the parts or their shapes differ from the reference's.
        """
        if self.parts:
            pairs = zip(expect_parts(result, self.parts, self.inputs), self.wanted, self.parts, strict=True)
            return tuple(self._like(mine, right, part) for mine, right, part in pairs)
        return self._like(result, self.wanted, "")

    def _like(self, result: Any, wanted: Any, part: str):
        try:
            right = as_array(wanted)
        except (ValueError, TypeError):  # a list of arrays of different shapes
            return result
        if right.dtype.kind not in "fiub":
            return result
        kind, about = "b" if right.dtype.kind == "b" else "fiub", _of(self.shape, part)
        return expect_array(result, right.shape, about, kind, self.inputs, part)

    def explained(self, result: Any, error: Exception | None, mistaken: Any, mistaken_error: Exception | None) -> bool:
        """Whether a wrong result is that of a mistake: equal, or equal in each part in which the mistake shows."""
        if error or mistaken_error:
            return type(error) is type(mistaken_error)
        if alike(result, mistaken, self.tolerance):
            return True
        if not self.parts or self.accept or self.refused:
            return False
        try:
            triples = zip(*(expect_parts(value, self.parts) for value in (result, mistaken, self.wanted)), strict=True)
        except Wrong:
            return False
        seen = [(mine, wrong) for mine, wrong, right in triples if not alike(wrong, right, self.tolerance)]
        return bool(seen) and all(alike(mine, wrong, self.tolerance) for mine, wrong in seen)


@dataclass
class Attempt:
    """A learner's function under judgement. ``exercise`` has the reference, the known mistakes and the parts."""

    exercise: object
    function: object
    arguments: dict = field(default_factory=dict)
    error: Exception = None
    passed: list = field(default_factory=list)

    def __call__(self, *arguments: Any, **options: Any):
        """Call the learner's function and return what it returns, nothing judged but that its input stays as it is."""
        self.arguments = self._named(arguments, options)
        before = duplicate(self.arguments)
        try:
            with time_limit(TIME_LIMIT):
                result = self.function(*arguments, **options)
        except TimeUp as stopped:
            where = line_of(stopped, self.function)
            raise Wrong(
                f"{self.last_call()} your code had not ended after {TIME_LIMIT:g} seconds and was stopped{where} "
                "(is there a loop that never ends?)"
            ) from None
        except Exception as error:
            self.error = error
            raise
        for name, value in before.items():
            if not _same_input(value, self.arguments[name]):
                raise Wrong(f"{self.last_call()} {changes(name, nested=type(value) in {list, tuple, dict})}")
        return result

    def case(
        self,
        inputs: str | None,
        *arguments: Any,
        why: Any = "",
        shape: Any = "",
        tolerance: float = TOLERANCE,
        accept: Callable | None = None,
        **options: Any,
    ) -> Any:
        """Call the learner's function, and compare the result with the reference and with the known mistakes.

        ``inputs`` names the input in words (None: the arguments are described). Wrong is raised with the sentence of
        the mistake that explains this result and every earlier case, or else with a general one, in which ``shape``
        explains the shape and ``why`` the values: a text, a function of the first wrong place, or a dict of them by
        part. Where more than the reference's answer is right, ``accept`` is a function that says whether a result of
        the right shape is; ``why`` may then be a function of the result. Returns the result: an array, bool for a
        mask, or a tuple of them by ``returns``.
        """
        case = self._case(inputs, arguments, options, tolerance=tolerance, accept=accept, shape=shape)
        case.wanted = self.exercise.function(*duplicate(case.arguments), **duplicate(case.options))
        result, error = self._outcome(arguments, options)
        if not case.right(result, error):
            self._name_the_mistake(case, result, error)
            if error:
                raise error
            _general(case, result, why)
        self.passed.append(case)
        return case.tidy(result)

    def refuses(self, inputs: str | None, *arguments: Any, why: Any = "", **options: Any) -> str:
        """Expect that the learner's function refuses an input, as the reference does: by ValueError, an assertion or a
        plain Exception. Returns the words of the refusal (str)."""
        case = self._case(inputs, arguments, options, refused=True)
        result, error = self._outcome(arguments, options)
        if not case.right(result, error):
            self._name_the_mistake(case, result, error)
            because = f": {why}" if why else ""
            if error:
                came = f"your code stumbled{line_of(error, self.function)} ({type(error).__name__}: {error})"
                raise Wrong(f"for {case.inputs} {came}; refuse on purpose, raise ValueError(…){because}")
            raise Wrong(f"for {case.inputs} you returned {describe(result)}; refuse, raise ValueError(…){because}")
        self.passed.append(case)
        return str(error)

    def expect(self, condition: Any, mistake: str, inputs: str = "", **values: Any) -> None:
        """Raise Wrong with the sentence of a registered mistake unless the condition holds; ``values`` fill it in."""
        says = self.says(mistake)
        if not condition:
            raise Wrong(
                (f"for {inputs} " if inputs else "")
                + says.format(**{name: _word(value) for name, value in values.items()})
            )

    def says(self, mistake: str) -> str:
        """The sentence of a registered mistake, by its name."""
        return {known.name: known.says for known in self.exercise.wrong_answers}[mistake]

    def last_call(self) -> str:
        """The words that name the input of the last call."""
        return f"for {_in_words(self.arguments)}"

    def _named(self, arguments: Any, options: Any) -> dict:
        return dict(zip(_parameters(self.exercise.function), arguments, strict=False)) | options

    def _case(self, inputs: str | None, arguments: Any, options: Any, **more: Any):
        parts, named = self.exercise.returns, self._named(arguments, options)
        return Case(inputs or _in_words(named), duplicate(arguments), duplicate(options), parts=parts, **more)

    def _outcome(self, arguments: Any, options: Any):
        try:
            return self(*arguments, **options), None
        except Wrong:
            raise
        except Exception as error:
            if error is not self.error:
                raise
            return None, error

    def _name_the_mistake(self, case: Any, result: Any, error: Exception | None):
        for mistake in self.exercise.wrong_answers:
            made = case.run(mistake.function)
            if case.right(*made) or not case.explained(result, error, *made):
                continue
            if all(earlier.right(*earlier.run(mistake.function)) for earlier in self.passed):
                raise Wrong(f"for {case.inputs} {_filled(mistake.says, self.arguments, result, case.wanted)}")


@functools.cache
def _parameters(function: Callable) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _general(case: Any, result: Any, why: Any):
    """Raise Wrong with what came and what was expected."""
    tidy = case.tidy(result)
    if case.accept and callable(why):
        why = why(tidy)
    if case.parts and not case.accept:
        for part, mine, right in zip(case.parts, expect_parts(result, case.parts), case.wanted, strict=True):
            expect_close(mine, right, _of(why, part), case.tolerance, case.inputs, _of(case.shape, part), part)
    if not case.parts and not case.accept and result is not None:
        try:
            expect_close(result, case.wanted, why, case.tolerance, case.inputs, case.shape)
        except (ValueError, TypeError):  # arrays of different shapes in a list
            if isinstance(result, (list, tuple)) and len(result) == len(case.wanted):
                for place, (mine, right) in enumerate(zip(result, case.wanted, strict=True)):
                    expect_close(mine, right, why, case.tolerance, case.inputs, part=f"array {place}")
    because = f": {why}" if isinstance(why, str) and why else ""
    wanted = "" if case.accept else f" where {describe(case.wanted)} is expected"
    raise Wrong(f"for {case.inputs} you returned {describe(result)}{wanted}{because}")


def _of(words: Any, part: str):
    """The words about a part: words for all, or a dict of words by part."""
    return words.get(part, "") if isinstance(words, dict) else words


def _in_words(arguments: Any):
    *most, last = [f"{name} = {describe(value)}" for name, value in arguments.items()] or ["no arguments"]
    return f"{', '.join(most)} and {last}" if most else last


def _word(value: Any):
    return value if type(value) is str else describe(value).strip("'")


def _filled(says: str, arguments: Any, result: Any, wanted: Any):
    """A mistake's sentence with its {placeholders} filled: the arguments by their names, {got} and {wanted}."""
    if not any(name for _, name, _, _ in string.Formatter().parse(says)):
        return says.format()
    came, right = describe(result), describe(wanted)
    if np.ndim(result) == np.ndim(wanted) == 0 and came == right:
        came, right = told_apart(result, wanted)
    return says.format(**{name: _word(value) for name, value in arguments.items()}, got=came, wanted=right)
