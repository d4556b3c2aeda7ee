"""One line out of a long error message: the one that says what went wrong.

Frameworks put their reason where a person does not look for it. Keras wraps it in *Exception encountered when
calling*, TensorFlow puts it below *Graph execution error:* and a list of files, *in user code:* and Matplotlib put it
in the last line.
"""

import ast
import re

LENGTH = 300
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NESTED = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning))(?:: (.*)|$)")
PLACES = re.compile(r'File "|Detected at node |<stack traces|\[\[\{\{node|[\^~]+$')  # where, not what
NODES = re.compile(r"\{\{function_node \S+\}\} |\s*\[\[\{\{node .*|\s*\[Op:.*")
WRAPPER = "Exception encountered when calling "


def reason(name: str, message: str) -> str:
    """``NAME: what went wrong`` in one line, from the name of an exception and its message of any length."""
    if name == "KeyError" and "\\n" in message:
        message = _unquoted(message)  # the message of a KeyError is the repr of its argument
    message = COLOUR.sub("", message).split("\nArguments received by ")[0]
    lines = [line for line in map(str.strip, message.splitlines()) if line and not PLACES.match(line)]
    for number in range(len(lines) - 1, 0, -1):
        if inner := NESTED.fullmatch(lines[number]):
            return reason(inner[1], "\n".join([inner[2] or "", *lines[number + 1 :]]))
    if len(lines) > 1 and lines[0].startswith(WRAPPER):
        lines = lines[1:]
    line = " ".join(lines) if lines and lines[0].endswith(":") else next(iter(lines), "")
    line = NODES.sub("", line).strip().rstrip(":")
    return shorten(f"{name}: {line}" if line else name)


def shorten(text: str) -> str:
    """The first line of a text that holds something, cut after 300 characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "").rstrip(":")
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"


def last_line(text: str) -> str:
    """The last line that holds something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _unquoted(text: str) -> str:
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):
        return text
