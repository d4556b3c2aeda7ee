"""The machinery of an exercise: a reference solution, hints, a check that lists cases, and the mistakes we expect.

How to write one, in the order in which it stands in its chapter's module::

    @exercise("3.1", "Slide a kernel", points=2, hints=["How many rows of places are there?", "…"])
    def cross_correlate(image, kernel):
        ...                                    # the reference solution

    @cross_correlate.checks
    def _(answer, rng):
        for H, W, h, w in [(4, 4, 3, 3), (5, 7, 2, 3)]:
            image, kernel = rng.normal(size=(H, W)), rng.normal(size=(h, w))
            answer.case(f"a {H}×{W} image and a {h}×{w} kernel", image, kernel, why="multiply and add up")

    @cross_correlate.wrong("turned by 180°", says="your kernel is turned by 180°: is it upside down?")
    def _(image, kernel):
        return cross_correlate(image, kernel[::-1, ::-1])

``answer.case(inputs, *arguments)`` calls the learner's function and compares the result with the reference's. If it
differs, each mistake is run on copies of the same input, in the order of the module, and the first that returns (or
raises) the same as the learner, and that would have passed every case before, is named: ``for {inputs} {says}``.
So a mistake is written once, and two mistakes that look alike on one input are told apart by an earlier case.
If no mistake fits, the learner reads what came, what was expected, and ``why`` (``shape``, where the shape differs).

- ``inputs`` is None where the arguments are small enough to be shown themselves. ``tolerance`` is 1e-6 unless given.
- A result in parts: ``@exercise(..., returns=("loss", "gradient"))``; ``why`` may be a dict by part. A mistake counts
  as made when the learner agrees with it in every part in which it differs from the reference, so let it differ
  only where it is wrong.
- More than one right answer: ``accept=lambda result: cost(result) <= least`` replaces the comparison.
- An input that must be refused: ``answer.refuses(inputs, *arguments, why="there is no last state")``.
- A check that judges otherwise (a statistic that records its calls, a draw by chance) calls ``answer(*arguments)``,
  which tries nothing and calls nothing but the learner's function, and then uses the sentence of a mistake by its
  name: ``answer.expect(condition, "draws rows", inputs, number=3)``, where number fills {number} in the sentence.
  For what is no known mistake there is ``utils.exercises.expect``.
- ``case`` calls the reference, too, and mistakes once the learner is wrong: give it functions that keep no record.
- ``says`` is the whole sentence after "for {inputs}", in the second person. It may hold placeholders for the
  arguments by name, {got} and {wanted}; a brace that is meant is doubled. Where the mistake is to change an argument,
  write ``says=changes("image")``.
- ``tests/exercises/test_mutants.py`` changes the reference in every small way and runs the check on each: a change
  that passes asks for a case more, or, where the text asks for nothing that would tell, for a line there that says why.
"""

import dis
import functools
import importlib
import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from IPython.display import Code, display

from utils import verdicts
from utils.errors import UsageError
from utils.exercises import numbering
from utils.exercises.attempt import Attempt, changes
from utils.exercises.expect import Wrong, describe
from utils.exercises.limits import line_of
from utils.exercises.sources import find_id, module_name, solution_source

__all__ = ["Exercise", "changes", "check", "exercise", "get", "hint", "reference", "solution", "untouched"]

EXERCISE_MIME = "application/vnd.course.exercise+json"
MARKS = {"open": "○", "wrong": "✗", "passed": "✓"}


@dataclass(frozen=True)
class WrongAnswer:
    """A mistake that learners are known to make: its name, the sentence they then read, and the function itself."""

    name: str
    says: str
    function: object


class Exercise:
    """One exercise. Calling it calls its reference solution."""

    def __init__(
        self,
        identifier: str,
        title: str,
        function: Callable,
        points: int,
        hints: Sequence[str],
        returns: Sequence[str] = (),
    ):
        self.id, self.title, self.points, self.hints = identifier, title, points, tuple(hints)
        self.returns = tuple(returns)
        self.function, self.checker, self.wrong_answers = function, None, []
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any):
        return self.function(*args, **kwargs)

    def checks(self, function: Callable) -> Callable:
        """Register the check: ``function(answer, rng)`` raises Wrong, through ``answer.case``, when it is wrong."""
        self.checker = function
        return function

    def wrong(self, name: str, *, says: str) -> Callable:
        """Register a known mistake: ``says`` is the sentence that the learner reads, after "for {inputs}"."""

        def register(function):
            self.wrong_answers.append(WrongAnswer(name, says, function))
            return function

        return register

    def judge(self, answer: Any, seed: int = 0) -> tuple[str, str]:
        """Judge a learner's function. Returns (status, message) with status ``open``, ``wrong`` or ``passed``."""
        if not callable(answer):
            return "wrong", f"pass your function itself, check({self.id!r}, name): this is {describe(answer)}"
        if untouched(answer):
            return "open", "not attempted yet: replace the ... by your code and run both cells again"
        wanted, given = (list(inspect.signature(f).parameters) for f in (self.function, answer))
        if wanted != given:
            return (
                "wrong",
                f"keep the first line of the function: it takes ({', '.join(wanted)}), not ({', '.join(given)})",
            )
        attempt = Attempt(self, answer)
        try:
            with np.errstate(all="ignore"):
                self.checker(attempt, np.random.default_rng(seed))
        except Wrong as wrong:
            return "wrong", str(wrong)
        except Exception as error:
            if error is not attempt.error:  # the fault is ours: let it be seen
                raise
            words = (str(error).strip().splitlines() or ["no words"])[0][:300]
            raised = f"{type(error).__name__}{line_of(error, answer)} ({words})"
            return "wrong", f"{attempt.last_call()} your code raised {raised}"
        return "passed", ""


def is_reference(answer: Any, item: "Exercise") -> bool:
    """Whether the answer is the course's own function: itself, its Exercise, or a wrapper or a copy of it."""
    while answer is not None:
        code = getattr(answer, "__code__", None)
        if answer is item or answer is item.function or (code and code is getattr(item.function, "__code__", None)):
            return True
        answer = getattr(answer, "__wrapped__", None) or getattr(answer, "func", None)
    return False


def untouched(function: Callable) -> bool:
    """Whether a function has no body but its docstring, ``...``, ``pass`` or ``return None``."""
    if not inspect.isfunction(function):
        return False
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    steps = [step for step in dis.get_instructions(function) if step.opname not in {"CACHE", "COPY_FREE_VARS"}]
    constants = {step.argval for step in steps if step.opname in {"LOAD_CONST", "RETURN_CONST"}}
    return {step.opname for step in steps} <= idle and constants <= {None, ...}


def exercise(
    identifier: str | float, title: str, *, points: int = 1, hints: Sequence[str] = (), returns: Sequence[str] = ()
) -> Callable[[Callable], Exercise]:
    """Declare the decorated function as the reference solution of an exercise; ``returns`` names the parts of its
    result where it returns a tuple."""
    return lambda function: Exercise(identifier, title, function, points, hints, returns)


def get(identifier: str | float) -> Exercise:
    """The Exercise with this id, for example ``"3.1"``. Raises UsageError, naming those there are."""
    module = importlib.import_module(module_name(identifier))
    identifier = find_id(identifier)
    return next(item for item in vars(module).values() if isinstance(item, Exercise) and item.id == identifier)


def check(identifier: str | float, answer: Any) -> None:
    """Check a learner's function and show ○ (not attempted), ✗ (with what is wrong, and for which input) or ✓.

    The course's own function, ``reference(identifier)``, is no attempt, and is not judged. Nor is anything in a copy
    from an older numbering of the chapters, or a function that has the name of another exercise's: a sentence says so.
    """
    if says := numbering.old_copy(identifier):
        print(f"{MARKS['open']} {says}")
        return
    item = get(identifier)
    if says := numbering.other_exercise(item.id, item.function.__name__, answer):
        print(f"{MARKS['open']} {item.id} {item.title}: {says}")
        return
    if is_reference(answer, item):
        status, message = (
            "open",
            ("this is the course's own solution; run the cell with your function again, and then this one"),
        )
    else:
        status, message = item.judge(answer)
    earned = item.points if status == "passed" else 0
    number = f"{item.points} point{'s' if item.points != 1 else ''}"
    text = f"{MARKS[status]} {item.id} {item.title}: " + (message or f"right, {number}")
    if status != "passed":
        text += f'\n   hint("{item.id}") helps, solution("{item.id}") shows one way'
    record = {"id": item.id, "title": item.title, "status": status, "points": earned, "of": item.points}
    verdicts.show(text, EXERCISE_MIME, record | {"message": message})
    if status != "passed" and os.environ.get("NBGRADER_EXECUTION") == "validate":
        raise AssertionError(text)  # `nbgrader validate` looks for errors, not for what is shown


_hints_given = {}


def hint(identifier: str | float) -> None:
    """Show the next hint of an exercise; after the last one, all of them again."""
    if says := numbering.old_copy(identifier):
        print(says)
        return
    item = get(identifier)
    given = min(_hints_given.get(item.id, 0) + 1, len(item.hints))
    _hints_given[item.id] = given
    for number, text in enumerate(item.hints[:given], 1):
        print(f"Hint {number} of {len(item.hints)}: {text}")


def solution(identifier: str | float) -> None:
    """Show the source of the reference solution of an exercise."""
    if says := numbering.old_copy(identifier):
        print(says)
        return
    display(Code(solution_source(identifier), language="python"))


def reference(identifier: str | float) -> Callable:
    """The reference solution of an exercise as a function, so that a chapter goes on whether or not it was solved.

    Raises UsageError for an unknown exercise, and in a copy from an older numbering of the chapters.
    """
    if says := numbering.old_copy(identifier):
        raise UsageError(says)
    return get(identifier).function
