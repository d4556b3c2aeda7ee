"""The process that holds a student's code, and nothing that it should not see: it waits for calls and answers them.

The judge stays outside, with the inputs, the right answers and the verdict; see ``remote``. Messages come on the
standard input and go out on what was the standard output; what the code prints is counted, and goes nowhere.

Needs nothing but NumPy. Started by its path, without the course.
"""

import linecache
import os
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any

import wire

LONGEST_WORDS = 500
NO_PROCESS = "the system refuses, since more processes are not allowed"


class Side:
    """Our end of the conversation."""

    def __init__(self) -> None:
        self.reader = os.fdopen(os.dup(0), "rb")
        self.writer = os.fdopen(os.dup(1), "wb")
        nothing, (self.prints, out) = os.open(os.devnull, os.O_RDWR), os.pipe()
        for number, place in enumerate((nothing, out, out)):
            os.dup2(place, number)
        self.printed = 0  # bytes
        self.number = 0  # of the message in work
        threading.Thread(target=self.count, daemon=True).start()
        self.process = os.getpid()
        self.module: types.ModuleType | None = None
        self.files: set[str] = set()

    def count(self) -> None:
        """Take what is printed, and throw it away."""
        while data := os.read(self.prints, 1 << 16):
            self.printed += len(data)

    def read(self, count: int) -> bytes:
        data = self.reader.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def serve(self) -> None:
        """Answer until the judge hangs up."""
        self.writer.write(wire.READY)
        self.writer.flush()
        while True:
            try:
                self.number, kind, *rest = wire.receive(self.read)
            except EOFError:
                return
            reply = self.define(*rest) if kind == "define" else self.call(*rest)
            if os.getpid() != self.process:  # a copy that the code has made of it
                os._exit(0)
            wire.send(self.writer, (self.number, *reply, self.printed))

    def define(self, pieces: list[tuple[str, str]], name: str) -> tuple:
        """Execute pieces of source, each with the name of its cell, in a new module; is there a function at the end?"""
        self.module = module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.files = set()

        def execute():
            for cell, source in pieces:
                self.files.add(cell)
                linecache.cache[cell] = (len(source), None, source.splitlines(keepends=True), cell)
                exec(compile(source, cell, "exec"), module.__dict__)
            return ("defined", callable(getattr(module, name, None)))

        return self.tried(execute)

    def call(self, name: str, arguments: tuple, options: dict) -> tuple:
        """The result of a call, and the arguments as they were left."""
        arguments, options = self.with_functions((arguments, options))

        def result():
            return ("result", getattr(self.module, name)(*arguments, **options), (arguments, options))

        return self.tried(result)

    def tried(self, action: Callable[[], tuple]) -> tuple:
        """What an action returns, or how it failed: names of the exception's classes, its words, and the line."""
        try:
            with warnings.catch_warnings(action="ignore"):
                return action()
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            names = [kind.__name__ for kind in type(error).__mro__]
            try:
                words = NO_PROCESS if isinstance(error, BlockingIOError) else str(error)[:LONGEST_WORDS]
            except Exception:
                words = "no words"
            return ("raised", names, words, self.line_of(error))

    def line_of(self, error: BaseException) -> str:
        """`` in line 3: total += x``, or ``""``."""
        if isinstance(error, SyntaxError) and error.filename in self.files:
            return f" in line {error.lineno}: {(error.text or '').strip()}"
        found = ""
        for frame, number in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename in self.files:
                text = linecache.getline(frame.f_code.co_filename, number).strip()
                found = f" in line {number}" + (f": {text}" if text else "")
        return found

    def with_functions(self, value: Any) -> Any:
        """A value in which each function that stayed with the judge can be called."""
        if isinstance(value, wire.Handle):
            return self.function(value)
        if type(value) in (list, tuple):
            return type(value)(map(self.with_functions, value))
        if type(value) is dict:
            return {key: self.with_functions(one) for key, one in value.items()}
        return value

    def function(self, handle: wire.Handle) -> Callable:
        def ask(*arguments, **options):
            wire.send(self.writer, (self.number, "ask", handle.number, arguments, options))
            kind, *rest = wire.receive(self.read)
            if kind == "answer":
                return self.with_functions(rest[0])
            name, words = rest
            raise getattr(__import__("builtins"), name, Exception)(words)

        ask.__name__ = handle.name or "function"
        return ask


def serve(processes: int | None, user: int | None = None) -> None:
    """Be a box until the judge hangs up, with so many processes and threads at most, and as a user without rights."""
    if processes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    Side().serve()
