"""What a check may expect of an answer, each with words for the learner when it is not so."""

from collections.abc import Sequence
from typing import Any

import numpy as np

TOLERANCE = 1e-6
SINGLE = 1e-4  # what is left of an answer that was computed in float32


class Wrong(Exception):
    """The learner's answer is wrong; the message says what is wrong, and for which input."""


def as_array(value: Any) -> np.ndarray:
    """A value as a NumPy array, be it a list, a tuple or a tensor of any backend. Raises ValueError for ragged rows."""
    array = np.asarray(_off_device(value))
    return array.astype(np.float32) if array.dtype.name in {"float16", "bfloat16"} else array


def _off_device(value: Any):
    if hasattr(value, "detach"):  # a tensor of PyTorch that may carry a gradient
        return value.detach().cpu().numpy()
    return [_off_device(part) for part in value] if isinstance(value, (list, tuple)) else value


def describe(value: Any) -> str:
    """A short description of a value: its shape for an array, itself when it is small, never an address in memory."""
    if hasattr(value, "__array__") and hasattr(value, "shape") and not isinstance(value, np.generic):
        array = as_array(value)
        if array.size <= 6 and array.dtype.kind in "fiubUS":
            return np.array2string(array, precision=4, separator=", ").replace("\n", "")
        return shape_text(array.shape)
    if isinstance(value, np.random.Generator):
        return "a NumPy generator"
    if callable(value):
        name = getattr(value, "__name__", "_")
        return f"the function {name}" if name.isidentifier() and name.strip("_") else "a function"
    text = _text(value)
    if len(text) <= 60 and " at 0x" not in text:
        return text
    kind = type(value).__name__
    if hasattr(value, "__next__"):
        return f"an iterator ({kind})"
    article = "an" if kind[0].lower() in "aeiou" else "a"
    return f"{article} {kind}" + (f" of length {len(value)}" if hasattr(value, "__len__") else "")


def _text(value: Any):
    """repr, without NumPy's type names and without digits that nobody reads."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and len(repr(value)) > 10:
        return f"{value:.6g}"
    if type(value) in {list, tuple} and len(value) <= 30:
        inner = ", ".join(map(describe, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if type(value) is dict and len(value) <= 30:
        return "{" + ", ".join(f"{describe(key)}: {describe(entry)}" for key, entry in value.items()) + "}"
    return repr(value)


def shape_text(shape: Sequence[int]) -> str:
    """(4, 4) → ``an array of shape (4, 4)``; () → ``a single number``."""
    return f"an array of shape {tuple(map(int, shape))}" if len(shape) else "a single number"


def told_apart(a: Any, b: Any) -> tuple[str, str]:
    """Two numbers as text, with at least four digits and as many more as it takes to tell them apart."""
    if isinstance(a, (bool, np.bool_)) and isinstance(b, (bool, np.bool_)):
        return str(bool(a)), str(bool(b))
    for digits in range(4, 18):
        texts = f"{float(a):.{digits}g}", f"{float(b):.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def alike(a: Any, b: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two results are the same: equal shapes, and numbers that agree up to a tolerance.

    A list, a tuple, an array and a tensor of the same numbers are alike, and so are masks of bool and of 0 and 1.
    """
    if a is None or b is None:
        return a is b
    if isinstance(a, (dict, set)) or isinstance(b, (dict, set)):
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(alike(a[key], b[key], tolerance) for key in b)
        return type(a) is type(b) and a == b
    try:
        first, second = as_array(a), as_array(b)
    except (ValueError, TypeError):  # parts of different shapes
        return _parts_alike(a, b, tolerance)
    if first.shape != second.shape:
        return False
    if first.dtype.kind in "fiub" and second.dtype.kind in "fiub":
        return bool(_near(first, second, tolerance).all())
    if first.ndim and "O" in (first.dtype.kind, second.dtype.kind):  # a dictionary among the parts
        return _parts_alike(a, b, tolerance)
    return bool(np.array_equal(first, second))


def _parts_alike(a: Any, b: Any, tolerance: float) -> bool:
    sequences = all(isinstance(value, (list, tuple, np.ndarray)) for value in (a, b)) and len(a) == len(b)
    return sequences and all(alike(x, y, tolerance) for x, y in zip(a, b, strict=True))


def _near(a: Any, b: Any, tolerance: float):
    if np.float32 in (a.dtype, b.dtype):
        tolerance = max(tolerance, SINGLE)
    return np.isclose(a.astype(float), b.astype(float), rtol=tolerance, atol=tolerance, equal_nan=True)


def expect(condition: Any, message: str) -> None:
    """Raise Wrong with the message unless the condition holds."""
    if not condition:
        raise Wrong(message)


def _subject(inputs: str, part: str):
    """The beginning of a sentence about what came: ``for 4 rows you returned``, ``for 4 rows your loss is``."""
    verb = "are" if part.endswith("s") and not part.endswith("ss") else "is"  # weights are, a loss is
    return (f"for {inputs} " if inputs else "") + (f"your {part} {verb}" if part else "you returned")


def expect_array(
    value: Any,
    shape: Sequence[int] | None = None,
    why: Any = "",
    dtype_kind: str = "fiub",
    inputs: str = "",
    part: str = "",
) -> np.ndarray:
    """Expect numbers of a given shape, and return them as an array. ``why`` explains the shape, ``inputs`` names the
    input, ``part`` the part of the result. With ``dtype_kind="b"`` a mask is expected, True and False or 1 and 0, and
    returned as bool."""
    case = _subject(inputs, part)
    if value is None:
        raise Wrong(f"{case} None: is there a return in your function?")
    try:
        array = as_array(value)
    except (ValueError, TypeError):
        raise Wrong(f"{case} {describe(value)}, whose rows have unequal lengths") from None
    if dtype_kind == "b":
        array = _mask(array, case)
    expect(array.dtype.kind in dtype_kind, f"{case} {describe(value)}, where numbers are expected")
    if shape is not None and array.shape != tuple(shape):
        because = f"; {why}" if why else ""
        raise Wrong(f"{case} {shape_text(array.shape)} where {shape_text(shape)} is expected{because}")
    return array


def _mask(array: np.ndarray, case: Any):
    if array.dtype.kind in "fiu":
        others = array[~np.isin(array, (0, 1))]
        if others.size:
            raise Wrong(f"{case} numbers such as {others[0]:.4g}, where True and False are expected")
        return array.astype(bool)
    expect(array.dtype.kind == "b", f"{case} {describe(array)}, where True and False are expected")
    return array


def expect_number(value: Any, why: Any = "") -> float:
    """Expect a single number, and return it as a float."""
    return float(expect_array(value, shape=(), why=why))


def expect_close(
    got: Any,
    wanted: Any,
    why: Any = "",
    tolerance: float = TOLERANCE,
    inputs: str = "",
    shape: Any = "",
    part: str = "",
) -> None:
    """Expect the wanted shape, and values equal to the wanted ones up to a tolerance, absolute and relative.

    ``inputs`` names the input, ``part`` the part of the result, ``shape`` explains the shape, and ``why`` the values:
    a text, or a function of the first place (tuple of int) that is wrong. Returns the array.
    """
    right, wanted = wanted, as_array(wanted)
    if wanted.dtype.kind not in "fiub":
        expect(
            alike(got, right), f"{_subject(inputs, part)} {describe(got)} where {_text(wanted.tolist())} is expected"
        )
        return as_array(got)
    kind = "b" if wanted.dtype.kind == "b" else "fiub"
    got = expect_array(got, wanted.shape, why=shape, dtype_kind=kind, inputs=inputs, part=part)
    wrong = np.argwhere(~_near(got, wanted, tolerance))
    if not len(wrong):
        return got
    place = tuple(int(i) for i in wrong[0])
    where = f" at {list(place)}" if place else ""
    came, right = told_apart(got[place], wanted[place])
    because = why(place) if callable(why) else why
    raise Wrong(
        f"{_subject(inputs, part)} {came}{where} where {right} is expected" + (f": {because}" if because else "")
    )


def expect_parts(value: Any, names: Sequence[str], inputs: str = "") -> Any:
    """Expect one part for each of the names, in a tuple, a list or the rows of an array, and return them as a tuple."""
    wanted, case = f"({', '.join(names)})", _subject(inputs, "")
    expect(value is not None, f"{case} None: it should be {wanted}")
    parts = value if isinstance(value, (tuple, list)) else None
    if parts is None and len(getattr(value, "shape", ())):
        parts = list(as_array(value))
    expect(
        parts is not None and len(parts) == len(names),
        f"{case} {describe(value)}, where {wanted} is expected",
    )
    return tuple(parts)
