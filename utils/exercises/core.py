"""The machinery of an exercise: a reference solution, hints, a check of behaviour, and the wrong answers we expect.

A chapter's module declares its exercises with it::

    @exercise("3.1", "Slide a kernel", points=2, hints=["How many rows of places are there?"])
    def cross_correlate(image, kernel):
        ...                                    # the reference solution

    @cross_correlate.checks
    def _(answer, rng):
        ...                                    # calls answer(...) on inputs drawn with rng, uses utils.exercises.expect

    @cross_correlate.wrong("turned by 180°", says="upside down")
    def _(image, kernel):
        ...                                    # an answer that people give, and words that the check must then say
"""

import dis
import functools
import importlib
import inspect
from dataclasses import dataclass

import numpy as np
from IPython.display import Code, display

from utils import verdicts
from utils.exercises.expect import Wrong, describe
from utils.exercises.sources import module_name, solution_source

EXERCISE_MIME = "application/vnd.course.exercise+json"
MARKS = {"open": "○", "wrong": "✗", "passed": "✓"}


@dataclass(frozen=True)
class WrongAnswer:
    """An answer that learners are known to give: its name, the words the check must say, and the function itself."""

    name: str
    says: str
    function: object


class Exercise:
    """One exercise. Calling it calls its reference solution."""

    def __init__(self, identifier, title, function, points, hints):
        self.id, self.title, self.points, self.hints = identifier, title, points, tuple(hints)
        self.function, self.checker, self.wrong_answers = function, None, []
        functools.update_wrapper(self, function)

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)

    def checks(self, function):
        """Register the check: ``function(answer, rng)`` raises Wrong, through ``expect``, when the answer is wrong."""
        self.checker = function
        return function

    def wrong(self, name, *, says):
        """Register an answer that is known to be wrong, with words that its feedback must contain."""

        def register(function):
            self.wrong_answers.append(WrongAnswer(name, says, function))
            return function

        return register

    def judge(self, answer, seed=0):
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
        watched = Watched(answer, wanted)
        try:
            with np.errstate(all="ignore"):
                self.checker(watched, np.random.default_rng(seed))
        except Wrong as wrong:
            return "wrong", str(wrong)
        except Exception as error:
            if not watched.running:  # the fault is ours: let it be seen
                raise
            return "wrong", f"{watched.last_call()} your code raised {type(error).__name__}: {error}"
        return "passed", ""


class Watched:
    """A learner's function that remembers its last input and may not change it."""

    def __init__(self, function, names):
        self.function, self.names, self.arguments, self.running = function, names, {}, False

    def __call__(self, *args, **kwargs):
        self.arguments = dict(zip(self.names, args, strict=False)) | kwargs
        before = {name: value.copy() for name, value in self.arguments.items() if isinstance(value, np.ndarray)}
        self.running = True
        result = self.function(*args, **kwargs)
        self.running = False
        for name, value in before.items():
            if not np.array_equal(value, self.arguments[name], equal_nan=value.dtype.kind in "fc"):
                raise Wrong(f"{self.last_call()} your code changed {name} itself; work on a copy, {name}.copy()")
        return result

    def last_call(self):
        """The words that name the input of the last call."""
        return "for " + ", ".join(f"{name} = {describe(value)}" for name, value in self.arguments.items())


def untouched(function):
    """Whether a function has no body but its docstring, ``...``, ``pass`` or ``return None``."""
    if not inspect.isfunction(function):
        return False
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    steps = [step for step in dis.get_instructions(function) if step.opname not in {"CACHE", "COPY_FREE_VARS"}]
    constants = {step.argval for step in steps if step.opname in {"LOAD_CONST", "RETURN_CONST"}}
    return {step.opname for step in steps} <= idle and constants <= {None, ...}


def exercise(identifier, title, *, points=1, hints=()):
    """Declare the decorated function as the reference solution of an exercise."""
    return lambda function: Exercise(identifier, title, function, points, hints)


def get(identifier):
    """The Exercise with this id, for example ``"3.1"``. Raises ValueError, naming those there are."""
    module = importlib.import_module(module_name(identifier))
    return next(item for item in vars(module).values() if isinstance(item, Exercise) and item.id == identifier)


def check(identifier, answer):
    """Check a learner's function and show ○ (not attempted), ✗ (with what is wrong, and for which input) or ✓."""
    item = get(identifier)
    status, message = item.judge(answer)
    earned = item.points if status == "passed" else 0
    number = f"{item.points} point{'s' if item.points != 1 else ''}"
    text = f"{MARKS[status]} {identifier} {item.title}: " + (message or f"right, {number}")
    if status != "passed":
        text += f'\n   hint("{identifier}") helps, solution("{identifier}") shows one way'
    record = {"id": identifier, "title": item.title, "status": status, "points": earned, "of": item.points}
    verdicts.show(text, EXERCISE_MIME, record | {"message": message})


_hints_given = {}


def hint(identifier):
    """Show the next hint of an exercise; after the last one, all of them again."""
    item = get(identifier)
    given = min(_hints_given.get(identifier, 0) + 1, len(item.hints))
    _hints_given[identifier] = given
    for number, text in enumerate(item.hints[:given], 1):
        print(f"Hint {number} of {len(item.hints)}: {text}")


def solution(identifier):
    """Show the source of the reference solution of an exercise."""
    display(Code(solution_source(identifier), language="python"))


def reference(identifier):
    """The reference solution of an exercise as a function, so that a chapter goes on whether or not it was solved."""
    return get(identifier).function
