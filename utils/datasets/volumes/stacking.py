"""Pictures of one series in the order of their places, and the geometry of the volume that they make."""

from pathlib import Path

import numpy as np

from utils.datasets.volumes.pictures import Picture
from utils.datasets.volumes.refusals import counted, refusal, sides

SAME = 0.01  # of the distance between slices: what is closer together is at one place
EVEN = 0.05  # of it: how far distances between slices may differ
TILTED = 0.01  # how far a slice may lie beside the one below, of their distance (half a degree)


def ordered(pictures: list[Picture], folder: Path) -> tuple[list[Picture], np.ndarray, list[str]]:
    """The pictures from the lowest to the highest along their normal, the affine (4, 4) of the volume, and notes.

    The order of file names and of instance numbers plays no part. CourseError for pictures that make no volume: of
    different shape, spacing or orientation, two at one place, one missing in between, or not straight above each other.
    """
    if len(pictures) == 1:
        return _single(pictures[0])
    for picture in pictures:
        _refuse_incomplete(picture, len(pictures))
    first = pictures[0]
    for picture in pictures[1:]:
        _refuse_other(first, picture)
    normal = np.cross(*first.directions)
    places = np.array([picture.position @ normal for picture in pictures])
    order = np.argsort(places, kind="stable")
    pictures, places = [pictures[number] for number in order], places[order]
    gaps = np.diff(places)
    _refuse_twice(pictures, gaps, folder)
    _refuse_uneven(pictures, gaps)
    step = (pictures[-1].position - pictures[0].position) / (len(pictures) - 1)
    aside = step - (step @ normal) * normal
    if np.linalg.norm(aside) > TILTED * abs(step @ normal):
        degrees = np.degrees(np.arctan2(np.linalg.norm(aside), abs(step @ normal)))
        raise refusal(
            first.path,
            "slices straight above each other",
            f"a gantry tilted by {degrees:.1f} degrees",
            "resample the series to upright slices first, for example with dcm2niix",
        )
    affine = np.eye(4)
    affine[:3, 0] = (step @ normal) * normal
    affine[:3, 1], affine[:3, 2] = first.directions[1] * first.spacing[0], first.directions[0] * first.spacing[1]
    affine[:3, 3] = pictures[0].position
    return pictures, affine, _notes(first)


def _single(picture: Picture) -> tuple[list[Picture], np.ndarray, list[str]]:
    notes = _notes(picture)
    spacing, thickness, directions = picture.spacing, picture.thickness, picture.directions
    if spacing is None:
        notes.append(
            "The file states no distance between pixels; 1 mm was assumed, so that no size in mm is to be trusted."
        )
        spacing = np.ones(2)
    if thickness is None:
        if picture.position is not None:
            notes.append("The file states no thickness of its slice; 1 mm was assumed.")
        thickness = 1.0
    if picture.position is None or directions is None:
        notes.append("The file does not state where the picture is in the patient; left and right are not known.")
        directions = np.eye(3)[:2]
    affine = np.eye(4)
    affine[:3, 0] = np.cross(*directions) * thickness
    affine[:3, 1], affine[:3, 2] = directions[1] * spacing[0], directions[0] * spacing[1]
    affine[:3, 3] = 0 if picture.position is None else picture.position
    return [picture], affine, notes


def _notes(picture: Picture) -> list[str]:
    header, notes = picture.header, []
    if header.get("PhotometricInterpretation") == "MONOCHROME1":
        notes.append("Stored as MONOCHROME1, in which more is darker: turned over, so that more is brighter.")
    if str(header.get("BurnedInAnnotation")) == "YES":
        notes.append("The header says that text is burned into the pictures: it may hold a name.")
    return notes


def _refuse_incomplete(picture: Picture, count: int) -> None:
    fields = {
        "ImagePositionPatient": picture.position,
        "ImageOrientationPatient": picture.directions,
        "PixelSpacing": picture.spacing,
    }
    for name, value in fields.items():
        if value is None:
            raise refusal(
                picture.path,
                f"{name} in each of {counted(count, 'slice')}",
                "none",
                "without it nobody knows where the slice is",
            )


def _refuse_other(first: Picture, other: Picture) -> None:
    if other.shape != first.shape:
        raise refusal(
            other.path,
            f"{sides(first.shape)} pixels as in {first.place()}",
            sides(other.shape),
            "is it a localizer?",
        )
    if np.abs(other.directions - first.directions).max() > 1e-3:
        raise refusal(
            other.path,
            f"the orientation of {first.place()}",
            "another one",
            "keep localizers and other planes in a folder of their own",
        )
    if np.abs(other.spacing - first.spacing).max() > 1e-3 * first.spacing.max():
        raise refusal(
            other.path, f"a spacing of {sides(first.spacing)} mm as in {first.place()}", f"{sides(other.spacing)} mm"
        )
    if other.header.get("PatientID") != first.header.get("PatientID"):
        raise refusal(other.path, f"the patient of {first.place()}", "another PatientID in the same series")


def _refuse_twice(pictures: list[Picture], gaps: np.ndarray, folder: Path) -> None:
    same = np.flatnonzero(gaps < max(SAME * np.median(gaps), 1e-4))
    if len(same):
        one, other = pictures[same[0]], pictures[same[0] + 1]
        more = (
            "were files copied twice?"
            if len(same) < len(pictures) / 4
            else ("keep one moment, echo or b-value of each slice")
        )
        raise refusal(one.path, "one slice at each place", f"{other.place()} at the same place", more)


def _refuse_uneven(pictures: list[Picture], gaps: np.ndarray) -> None:
    usual = gaps.min()
    wide = np.flatnonzero(gaps > (1 + EVEN) * usual)
    if not len(wide):
        return
    place = wide[0]
    times = gaps[place] / usual
    above = pictures[place + 1].place()
    if abs(times - round(times)) < EVEN * times and len(wide) < len(gaps) / 2:
        missing = sum(round(gaps[number] / usual) - 1 for number in wide)
        raise refusal(
            pictures[place].path,
            f"a slice every {usual:.4g} mm",
            f"{gaps[place]:.4g} mm to {above}",
            f"{counted(missing, 'slice')} of the series {'is' if missing == 1 else 'are'} missing",
        )
    raise refusal(
        pictures[place].path,
        f"slices at equal distances ({usual:.4g} mm)",
        f"{gaps[place]:.4g} mm to {above}",
        "resample the series first, or keep the even part",
    )
