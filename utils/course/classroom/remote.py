"""A student's function that is called in another process; to the judge it looks like a function.

The judge draws inputs, calls it, and compares: ``utils.exercises`` needs to know nothing of where it runs. What comes
back is data and never code. An exception comes back as one of its kind, with the student's line; a process that ends,
or takes too long, or too much memory, is an exception, too.
"""

import builtins
import inspect
import io
import os
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.course.classroom import wire
from utils.course.classroom.sandbox import Box
from utils.errors import CourseError
from utils.exercises.limits import TimeUp


@dataclass(frozen=True)
class Limits:
    """What a student's code may take.

    Attributes
    ----------
    call_seconds : float
        One call of the function.
    seconds : float
        All calls of a submission together.
    """

    call_seconds: float = 20.0
    seconds: float = 300.0


LENGTHS = {"defined": 2, "raised": 4, "result": 3, "ask": 3}  # of the replies that there are, after their kind


class Ended(Exception):
    """The process with the student's code is gone; the words say why."""


class Process:
    """A box with a student's code in it, and the conversation with it. A new box is taken when one has ended.

    Parameters
    ----------
    box : callable
        Returns a new Box.
    limits : Limits
    """

    def __init__(self, box: Callable[[], Box], limits: Limits):
        self._new, self.limits = box, limits
        self._box: Box | None = None
        self._end = time.monotonic() + limits.seconds
        self.holds: object = None  # the function that is defined in the box
        self.ended: list[str] = []  # why boxes had to be given up
        self.printed = 0  # bytes, by the box that printed most
        self.broken: CourseError | None = None  # why there is no box, which is nobody's fault who answers
        self._number = 0  # of the last message; its reply bears the same

    def close(self) -> None:
        """Let go of the box."""
        if self._box is not None:
            self._box.close()
        self._box = self.holds = None

    def tidy(self) -> None:
        """Let go of the box if code has left processes behind, so that no other answer suffers from them."""
        if self._box is not None and not self._box.alone():
            self.close()

    def ask(self, message: tuple, functions: Sequence[Callable] = ()) -> Any:
        """Send a message, answer what is asked back, and return the reply.

        Raises Ended when the process ends or says what is no message, TimeUp, and CourseError when there is no box.
        """
        if self._box is None:
            try:
                self._box = self._new()
            except CourseError as error:
                self.broken = error
                raise
        kept: list[Callable] = []

        def keep(function: Callable) -> int:
            kept.append(function)
            return len(kept) - 1

        end = min(time.monotonic() + self.limits.call_seconds, self._end)
        try:
            self._number += 1
            self._send((self._number, *message), end, keep)
            while True:
                reply = wire.receive(lambda count: self._read(count, end))
                number, kind, *rest = reply
                if number != self._number or len(rest) != LENGTHS[kind]:
                    raise wire.Broken("a reply to something else")
                if kind != "ask":
                    self.printed = max(self.printed, int(rest.pop()))
                    return (kind, *rest)
                self._send(self._answer(kept, *rest), end, keep)
        except TimeUp:
            self.ended.append("it did not end in time")
            self.close()
            raise
        except (EOFError, OSError, wire.Broken, ValueError, TypeError, LookupError) as error:
            words = self._box.why() or ("it sent what is no answer" if isinstance(error, wire.Broken) else "it ended")
            self.ended.append(words)
            self.close()
            raise Ended(words) from None

    def _answer(self, kept: Sequence[Callable], number: int, arguments: tuple, options: dict) -> tuple:
        try:
            return ("answer", kept[number](*arguments, **options))
        except Exception as error:
            return ("error", _builtin([kind.__name__ for kind in type(error).__mro__]).__name__, str(error))

    def _send(self, message: tuple, end: float, keep: Callable) -> None:
        buffer = io.BytesIO()
        wire.send(buffer, message, keep)
        rest = memoryview(buffer.getvalue())
        pipe = self._box.writer
        while rest:
            if not select.select([], [pipe], [], max(0, end - time.monotonic()))[1]:
                raise TimeUp
            rest = rest[os.write(pipe, rest[:65536]) :]

    def _read(self, count: int, end: float) -> bytes:
        parts, left = [], count
        while left:
            if not select.select([self._box.reader], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeUp
            data = os.read(self._box.reader, min(left, 1 << 20))
            if not data:
                raise EOFError
            parts.append(data)
            left -= len(data)
        return b"".join(parts)


class RemoteFunction:
    """A student's function, defined by pieces of source, in a Process. Call it like a function.

    Parameters
    ----------
    process : Process
    pieces : sequence of (str, str)
        (name of the cell, source), in the order in which they are executed.
    name : str
        Of the function.
    parameters : sequence of str
        The names of its parameters, as its first line says.
    """

    def __init__(self, process: Process, pieces: Sequence[tuple[str, str]], name: str, parameters: Sequence[str]):
        self.process, self.pieces, self.__name__ = process, [*map(tuple, pieces)], name
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature([inspect.Parameter(one, kind) for one in parameters])

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        self._define()
        reply = self.process.ask(("call", self.__name__, arguments, options))
        if reply[0] == "raised":
            raise _exception(*reply[1:])
        _, result, (left, left_options) = reply
        for mine, theirs in zip(arguments, left, strict=False):
            _take_over(mine, theirs)
        for name, mine in options.items():
            _take_over(mine, left_options.get(name))
        return result

    def _define(self) -> None:
        if self.process.holds is self:
            return
        self.process.tidy()
        self.process.holds = None
        reply = self.process.ask(("define", self.pieces, self.__name__))
        if reply[0] == "raised":
            raise _exception(*reply[1:])
        if reply != ("defined", True):
            raise NameError(f"there is no function {self.__name__}")
        self.process.holds = self


def _take_over(mine: Any, theirs: Any) -> None:
    """Change an argument as the other process has changed its copy, so that the judge sees it."""
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        if mine.shape == theirs.shape and mine.dtype == theirs.dtype and mine.flags.writeable:
            mine[...] = theirs
    elif isinstance(mine, np.random.Generator) and isinstance(theirs, np.random.Generator):
        if type(mine.bit_generator) is type(theirs.bit_generator):
            mine.bit_generator.state = theirs.bit_generator.state
    elif type(mine) is list and type(theirs) is list:
        if len(mine) != len(theirs):
            mine[:] = theirs
        for place, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            if not _plain(other):
                _take_over(one, other)
            elif type(one) is not type(other) or one != other:
                mine[place] = other
    elif type(mine) is dict and type(theirs) is dict:
        for key in mine.keys() - theirs.keys():
            del mine[key]
        for key, other in theirs.items():
            if key not in mine or (_plain(other) and mine[key] != other):
                mine[key] = other
            else:
                _take_over(mine[key], other)


def _plain(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str, tuple)


def _builtin(names: Sequence[str]) -> type[Exception]:
    """The nearest exception of Python's own among the names of an exception's classes that is made of words alone."""
    for name in names:
        kind = getattr(builtins, str(name), None)
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, UnicodeError):
            return kind
    return Exception


def _exception(names: Sequence[str], words: str, line: str) -> Exception:
    """An exception like the student's."""
    kind = _builtin(names)
    name = str(names[0]) if names else "Exception"
    if name != kind.__name__:
        kind = type(name if name.isidentifier() else "Exception", (kind,), {})
    error = kind(str(words))
    error.line_of_learner = str(line)
    return error
