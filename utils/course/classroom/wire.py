"""Values as they travel between the judge and the process that holds a student's code: JSON, and arrays beside it.

Nothing that arrives is ever executed, as a pickle would be. What cannot travel arrives as ``Stranger``, which says what
it was. Needs nothing but NumPy, since the student's process imports it, too.
"""

import io
import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

READY = b"ready\n"  # what the student's process says before all messages
MOST_BYTES = 256 * 2**20  # of one message
DEEPEST = 50  # lists within lists
KINDS = "biufcUS"  # of arrays that travel as they are


class Broken(Exception):
    """What came is no message."""


@dataclass(frozen=True)
class Stranger:
    """Something that cannot travel: what it was, in words."""

    words: str

    def __repr__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Handle:
    """A function that stayed on the other side: its number there, and its name."""

    number: int
    name: str


def send(stream: BinaryIO, message: Any, keep: Callable[[Callable], int] | None = None) -> None:
    """Write one message. ``keep`` gives a number to each function in it; without it, functions are strangers."""
    arrays: list[bytes] = []
    text = json.dumps(_packed(message, arrays, keep, 0)).encode()
    parts = [text, *arrays]
    lengths = struct.pack(f"<{len(parts) + 1}Q", len(parts), *map(len, parts))
    stream.write(lengths + b"".join(parts))
    stream.flush()


def receive(read: Callable[[int], bytes]) -> Any:
    """Read one message; ``read(n)`` returns exactly n bytes. Raises Broken for anything else, EOFError at the end."""
    (count,) = struct.unpack("<Q", read(8))
    if not 1 <= count <= 100_000:
        raise Broken(f"{count} parts")
    lengths = struct.unpack(f"<{count}Q", read(8 * count))
    if sum(lengths) > MOST_BYTES:
        raise Broken(f"{sum(lengths):,} bytes")
    text, *arrays = [read(length) for length in lengths]
    try:
        return _unpacked(json.loads(text), arrays)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise Broken(f"{type(error).__name__}: {error}") from None


def _packed(value: Any, arrays: list[bytes], keep: Callable | None, depth: int) -> Any:
    if depth > DEEPEST:
        return {"stranger": "something too deep"}
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**53 else {"int": str(value)}
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, np.random.Generator):
        return {"generator": _packed(value.bit_generator.state, arrays, keep, depth + 1)}
    if hasattr(value, "detach"):  # a tensor of PyTorch
        value = value.detach().cpu().numpy()
    elif hasattr(value, "__array__") and not isinstance(value, (np.ndarray, np.generic)):
        value = np.asarray(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return _packed_array(value, arrays, keep, depth)
    for kind in (list, tuple, set, frozenset):
        if type(value) is kind:
            return {kind.__name__: [_packed(one, arrays, keep, depth + 1) for one in value]}
    if type(value) is dict:
        return {"dict": [[_packed(one, arrays, keep, depth + 1) for one in pair] for pair in value.items()]}
    if callable(value) and keep:
        return {"function": [keep(value), str(getattr(value, "__name__", ""))[:100]]}
    if isinstance(value, (list, tuple)):  # a named tuple and the like
        return {"tuple": [_packed(one, arrays, keep, depth + 1) for one in value]}
    return {"stranger": f"a {type(value).__name__}"[:100]}


def _packed_array(value: Any, arrays: list[bytes], keep: Callable | None, depth: int) -> Any:
    array = np.asarray(value)
    if array.dtype.name in ("float16", "bfloat16"):
        array = array.astype(np.float32)
    if array.dtype.kind not in KINDS:
        if isinstance(value, np.generic) or array.dtype.kind != "O":
            return {"stranger": f"an array of {array.dtype}"}
        return {"objects": [list(array.shape), [_packed(one, arrays, keep, depth + 1) for one in array.ravel()]]}
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
    arrays.append(buffer.getvalue())
    return {"scalar" if isinstance(value, np.generic) else "array": len(arrays) - 1}


def _unpacked(node: Any, arrays: list[bytes]) -> Any:
    if isinstance(node, list):
        raise Broken("a bare list")
    if not isinstance(node, dict):
        return node
    [(kind, inside)] = node.items()
    if kind in ("list", "tuple", "set", "frozenset"):
        return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](
            _unpacked(one, arrays) for one in inside
        )
    if kind == "dict":
        return {_unpacked(key, arrays): _unpacked(value, arrays) for key, value in inside}
    if kind in ("array", "scalar"):
        array = np.lib.format.read_array(io.BytesIO(arrays[inside]), allow_pickle=False)
        return array[()] if kind == "scalar" else array
    if kind == "objects":
        shape, values = inside
        array = np.empty(len(values), object)
        array[:] = [_unpacked(one, arrays) for one in values]
        return array.reshape(shape)
    if kind == "int":
        return int(inside)
    if kind == "float":
        return float(inside)
    if kind == "generator":
        return _generator(_unpacked(inside, arrays))
    if kind == "function":
        return Handle(int(inside[0]), str(inside[1]))
    if kind == "stranger":
        return Stranger(str(inside))
    raise Broken(kind)


def _generator(state: dict) -> np.random.Generator:
    kind = getattr(np.random, str(state["bit_generator"]), None)
    if not (isinstance(kind, type) and issubclass(kind, np.random.BitGenerator)):
        raise Broken("a generator")
    bits = kind()
    bits.state = state
    return np.random.Generator(bits)
