"""What a check may expect of an answer, each with words for the learner when it is not so."""

import numpy as np


class Wrong(Exception):
    """The learner's answer is wrong; the message says what is wrong, and for which input."""


def describe(value):
    """A short description of a value: its shape for an array, itself when it is small."""
    if isinstance(value, np.ndarray):
        if value.size <= 6:
            return np.array2string(value, precision=4, separator=", ").replace("\n", "")
        return f"an array of shape {shape_text(value.shape)}"
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return (
        text
        if len(text) <= 60
        else f"a {type(value).__name__}" + (f" of length {len(value)}" if hasattr(value, "__len__") else "")
    )


def shape_text(shape):
    """(4, 4) → ``4×4``; () → ``a single number``."""
    return "×".join(map(str, shape)) if len(shape) else "a single number"


def expect(condition, message):
    """Raise Wrong with the message unless the condition holds."""
    if not condition:
        raise Wrong(message)


def expect_array(value, shape=None, why="", dtype_kind="fiub", inputs=""):
    """Expect numbers of a given shape, and return them as an array. ``why`` explains the shape, ``inputs`` names the
    input."""
    case = f"for {inputs} you" if inputs else "your function"
    if value is None:
        raise Wrong(f"{case} returned None: is there a return in it?")
    if hasattr(value, "numpy"):  # a tensor is as good as an array
        value = value.numpy()
    try:
        array = np.asarray(value)
    except ValueError:
        raise Wrong(f"{case} returned {describe(value)}, whose rows have unequal lengths") from None
    expect(array.dtype.kind in dtype_kind, f"{case} returned {describe(value)}, where numbers are expected")
    if shape is not None and array.shape != tuple(shape):
        because = f"; {why}" if why else ""
        raise Wrong(f"{case} returned {shape_text(array.shape)} where {shape_text(shape)} is expected{because}")
    return array


def expect_number(value, why=""):
    """Expect a single number, and return it as a float."""
    return float(expect_array(value, shape=(), why=why))


def expect_close(got, wanted, why="", tolerance=1e-6, inputs=""):
    """Expect values equal to the wanted ones up to a tolerance, absolute and relative. ``inputs`` names the input."""
    got, wanted = expect_array(got, np.shape(wanted), inputs=inputs).astype(float), np.asarray(wanted, float)
    near = np.isclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    if near.all():
        return
    place = tuple(int(i) for i in np.argwhere(~near)[0])
    where = f" at {list(place)}" if place else ""
    case = f"for {inputs} " if inputs else ""
    because = f": {why}" if why else ""
    raise Wrong(f"{case}you returned {got[place]:.4g}{where} where {wanted[place]:.4g} is expected{because}")


def expect_parts(value, names):
    """Expect a tuple with one part for each of the names, and return it."""
    wanted = f"({', '.join(names)})"
    expect(value is not None, f"your function returned None: it should return {wanted}")
    expect(
        isinstance(value, (tuple, list)) and len(value) == len(names),
        f"your function returned {describe(value)}, where {wanted} is expected",
    )
    return value


def rule_out(got, mistake, wanted, message):
    """Raise Wrong with the message when the answer is that of a known mistake, on an input where it shows."""
    if _alike(got, mistake) and not _alike(wanted, mistake):
        raise Wrong(message)


def _alike(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True)
