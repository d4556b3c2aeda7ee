"""The command ``course``: its list of commands, and what errors look like.

A command is a module of ``utils.course.commands``. It is imported when the command is called or its help is shown.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from utils.course.console import FAILED, INTERRUPTED, OK, WRONG_USAGE, Index, usage_sentence
from utils.errors import CourseError, UsageError

# In the order of the page of help.
COMMANDS = (
    "list",
    "run",
    "sweep",
    "apply",
    "refresh",
    "slides",
    "book",
    "lab",
    "progress",
    "data",
    "release",
    "grade",
    "site",
    "doctor",
)


class Course(Index):
    """``course`` itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return import_module(f"utils.course.commands.{name}").command if name in COMMANDS else None


@click.group(
    "course",
    cls=Course,
    epilog="`course lab` to learn, `course run` to execute everything, `course doctor` when something is wrong.",
)
def course() -> None:
    """The tools over the chapters of Deep Learning in Medicine."""


def main(words: Sequence[str] | None = None) -> NoReturn:
    """The entry point; the words are those of the command line unless given.

    Exit 0 all good, 1 a chapter or claim failed, 2 wrong usage, 130 interrupted.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None: closed by the caller
        stream.reconfigure(errors="replace")  # an old terminal must not stop a run for want of a tick mark
    try:
        sys.exit(course.main(words, prog_name="course", standalone_mode=False) or OK)
    except click.UsageError as error:
        stop(usage_sentence(error), WRONG_USAGE)
    except UsageError as error:
        stop(str(error), WRONG_USAGE)
    except CourseError as error:
        stop(str(error), FAILED)
    except ModuleNotFoundError as error:
        stop(f"{error}: the set-up is incomplete; `course doctor` says how to repair it.", FAILED)
    except (click.Abort, KeyboardInterrupt):
        stop("interrupted.", INTERRUPTED)
    except (MemoryError, ImportError, OSError) as error:
        from utils.course import memory

        name = type(error).__name__
        if not memory.is_memory(name, str(error)):
            if not isinstance(error, OSError):
                raise
            stop(f"{error.filename or 'the output'} cannot be read or written ({error.strerror or error}).", FAILED)
        stop(f"memory ran out ({memory.telling_line(str(error)) or name}): {memory.LESS_MEMORY}.", FAILED)


def stop(sentence: str, code: int) -> NoReturn:
    """End with one sentence on standard error and this exit code."""
    print(f"course: {sentence}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
