"""Exercise of chapter 08: from the numbers of a file to Hounsfield units and to grey."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "8.1",
    "Hounsfield units and the window",
    points=1,
    hints=[
        "First the Hounsfield units: slope times raw plus intercept, of raw.astype(float).",
        "The dark end of the window is center - width / 2. How far is each number above it, in widths?",
        "Below the window that is negative, above it more than 1: np.clip(…, 0, 1).",
    ],
)
def grey_levels(raw, slope, intercept, center, width):
    """raw integers (…), slope and intercept of the header, window in HU
    → grey (…), 0 black to 1 white"""
    hounsfield = slope * raw.astype(float) + intercept
    return np.clip((hounsfield - (center - width / 2)) / width, 0, 1)


@grey_levels.checks
def _(answer, rng):
    why = "HU = slope × raw + intercept, and grey rises from 0 to 1 over the width around the center, in HU"
    few = rng.integers(-30, 60, size=(3, 4)).astype(np.int16)
    answer.case("numbers from −30 to 60 and a window of 100 HU around 20", few, 2.0, -3, 20, 100, why=why)
    windows = {"lung": (-600, 1500), "soft tissue": (40, 400), "bone": (400, 1800)}
    for shape, dtype, slope, intercept, window in [
        ((3, 4), np.int16, 2.0, -1000, "soft tissue"),
        ((5,), np.int16, 1.5, -1024.0, "lung"),
        ((2, 3, 4), np.uint16, 1, -1024, "bone"),
        ((4, 4), np.int16, 1, 0, "soft tissue"),
    ]:
        center, width = windows[window]
        low, high = ((level - intercept) / slope for level in (center - width, center + width))
        raw = rng.integers(max(int(low), 0) if dtype == np.uint16 else int(low), int(high), size=shape).astype(dtype)
        inputs = f"{raw.dtype} numbers of shape {shape}, slope {slope}, intercept {intercept} and the {window} window"
        answer.case(inputs, raw, slope, intercept, center, width, why=why, shape="one grey for each number")
    answer.case(None, np.array([1024, 1064, 1264], np.int16), 1.0, -1024.0, 40, 400, why=why)
    large = np.array([32000, 30000, 20000], np.int16)
    answer.case("large int16 numbers and an intercept of 1000", large, 1, 1000, 31500, 2000, why=why)


@grey_levels.wrong(
    "stays in integers",
    says="you computed with the integers of the file: −1024 is not among the unsigned ones, and others are too large "
    "for 16 bits; begin with raw.astype(float)",
)
def _(raw, slope, intercept, center, width):
    hounsfield = raw * slope + intercept
    return np.clip((hounsfield - (center - width / 2)) / width, 0, 1)


@grey_levels.wrong(
    "no rescaling",
    says="your grey does not depend on slope and intercept; the window is in Hounsfield units",
)
def _(raw, slope, intercept, center, width):
    return grey_levels(raw, 1, 0, center, width)


@grey_levels.wrong("the intercept first", says="you added the intercept before you multiplied by the slope")
def _(raw, slope, intercept, center, width):
    return grey_levels(raw.astype(float) + intercept, slope, 0, center, width)


@grey_levels.wrong("slope and intercept exchanged", says="you exchanged them: HU = slope × raw + intercept")
def _(raw, slope, intercept, center, width):
    return grey_levels(raw, intercept, slope, center, width)


@grey_levels.wrong("subtracts the intercept", says="you subtracted the intercept; it is added (and often negative)")
def _(raw, slope, intercept, center, width):
    return grey_levels(raw, slope, -intercept, center, width)


@grey_levels.wrong("no clipping", says="your greys go below 0 or above 1; outside the window they are 0 or 1")
def _(raw, slope, intercept, center, width):
    return (slope * raw.astype(float) + intercept - (center - width / 2)) / width


@grey_levels.wrong(
    "begins at the center", says="your window begins at its center; it reaches half its width to either side"
)
def _(raw, slope, intercept, center, width):
    return grey_levels(raw, slope, intercept, center + width / 2, width)


@grey_levels.wrong(
    "ends at the center", says="your window ends at its center; it reaches half its width to either side"
)
def _(raw, slope, intercept, center, width):
    return grey_levels(raw, slope, intercept, center - width / 2, width)


@grey_levels.wrong(
    "twice as wide", says="your window reaches a whole width to either side of the center; half of it is meant"
)
def _(raw, slope, intercept, center, width):
    return grey_levels(raw, slope, intercept, center, 2 * width)


@grey_levels.wrong("0 to 255", says="your greys go from 0 to 255; here white is 1")
def _(raw, slope, intercept, center, width):
    return 255 * grey_levels(raw, slope, intercept, center, width)


@grey_levels.wrong("turned round", says="your dense tissue is dark; in CT a large number is white")
def _(raw, slope, intercept, center, width):
    return 1 - grey_levels(raw, slope, intercept, center, width)


@grey_levels.wrong(
    "stretched over the slice",
    says="you stretched the grey from the smallest to the largest number that is there; black and white belong to the "
    "ends of the window, whatever the slice holds",
)
def _(raw, slope, intercept, center, width):
    hounsfield = np.clip(slope * raw.astype(float) + intercept, center - width / 2, center + width / 2)
    return (hounsfield - hounsfield.min()) / (hounsfield.max() - hounsfield.min())
