"""What was understood of a reader's own data, in words: for ``course data check``."""

from collections import Counter

import numpy as np

from utils.datasets.own.needs import known_events, plan
from utils.datasets.own.patients import divided, needed
from utils.datasets.own.reading import brief
from utils.datasets.types import Images, Molecules, Records, Scans, Sequences
from utils.datasets.volumes import Volume

MOST = 8  # classes, columns or variables that are named one by one
LINE = "\n" + " " * 13  # where `course data check` begins what it says of each


def summary(data: Images | Scans | Sequences | Molecules | Records, seed: int = 0) -> dict[str, str]:
    """What → how much of it, in the order to be read, once it is sure that a study can be made of the data.

    "split" says how many rows of each class are in each part; "assumed" what was assumed or left out; "note" what
    should be looked at. seed: of the split. Raises CourseError where ``plan`` does.
    """
    if isinstance(data, Scans):
        return _scans(data, seed)
    parts = plan(data, seed).parts()
    found = {"read as": f"{data.entry.kind}, {data.entry.task}"}
    about = {Images: _images, Sequences: _sequences, Molecules: _molecules, Records: _records}[type(data)]
    found |= about(data, parts) if about is _images else about(data)
    found["split"] = LINE.join(f"{part}: {_part(data, rows)}" for part, rows in parts.items())
    if data.entry.notes:
        found["assumed"] = LINE.join(data.entry.notes)
    return found


def _part(data: Images | Sequences | Molecules | Records, rows: np.ndarray) -> str:
    """The size of one part, and what of each class is in it."""
    labels = data.labels[rows]
    if isinstance(data, Molecules) and data.entry.task == "regression":
        each = [f"{brief(n, 24)} mean {np.nanmean(k):.4g}" for n, k in zip(data.task_names, labels.T, strict=True)]
    elif labels.ndim == 2:
        names = data.task_names if isinstance(data, Molecules) else data.class_names
        each = [f"{brief(n, 24)} {int(np.nansum(k)):,}" for n, k in zip(names, labels.T, strict=True)]
    else:
        counts = np.bincount(labels, minlength=len(data.class_names))
        each = [f"{brief(n, 24)} {count:,}" for n, count in zip(data.class_names, counts, strict=True)]
    return f"{len(rows):,} in {len(np.unique(data.groups[rows])):,} groups: {_some(each)}"


def _images(data: Images, parts: dict[str, np.ndarray]) -> dict[str, str]:
    count, height, width, channels = data.images.shape
    found = {
        "pictures": f"{count:,} ({', '.join(f'{len(rows):,} {part}' for part, rows in parts.items())})",
        "size": f"{height} x {width} pixels, {channels} channel{'s' if channels > 1 else ''}",
    }
    if data.labels.ndim == 1:
        found["classes"] = _classes(data.labels, data.class_names)
    else:
        shares = data.labels.mean(axis=0)
        found["findings"] = _some([f"{n} {share:.1%}" for n, share in zip(data.class_names, shares, strict=True)])
    found["groups"] = _groups(data.groups, "picture")
    seen = Counter()
    for rows in parts.values():
        seen.update({data.images[row].tobytes() for row in rows})
    twice = sum(times > 1 for times in seen.values())
    if twice:
        found["note"] = f"{twice:,} pictures are in two parts, pixel for pixel: the test would be too easy"
    return found


def _sequences(data: Sequences) -> dict[str, str]:
    lengths = np.array([len(sequence) for sequence in data.sequences])
    ambiguous = sum(not set(sequence) <= set("ACGT") for sequence in data.sequences)
    return {
        "rows": f"{len(lengths):,}, of which {ambiguous:,} with letters other than A, C, G, T",
        "length": f"{lengths.min():,} to {lengths.max():,} letters, median {np.median(lengths):,.0f}",
        "classes": _classes(data.labels, data.class_names),
        "groups": _groups(data.groups, "row"),
    }


def _molecules(data: Molecules) -> dict[str, str]:
    found = {"molecules": f"{len(data.smiles):,}, of which {len(set(data.smiles)):,} different SMILES"}
    if data.unparsable:
        where = "row" if data.entry.embedded else "line"  # of the published table, or of the reader's own file
        left_out = [f"{where} {line} {brief(smiles, 24)!r}" for line, smiles in data.unparsable]
        found["left out"] = f"{len(left_out):,} that RDKit cannot read, or too large: {_some(left_out)}"
    columns = []
    for name, values in zip(data.task_names, data.labels.T, strict=True):
        values = values[~np.isnan(values)]
        spread = f"{values.mean():.1%} are 1" if data.entry.task == "classification" else _range(values)
        columns.append(f"{brief(name, 24)} ({len(values):,} measured, {spread})")
    found["labels"] = _some(columns)
    found["groups"] = _groups(data.groups, "row")
    return found


def _records(data: Records) -> dict[str, str]:
    each = data.events["id"].value_counts().reindex(data.patients.index, fill_value=0).to_numpy()
    moment = data.patients["predict_at"]
    variables = data.events["variable"].value_counts()
    found = {
        "people": f"{len(each):,}, of whom {(each == 0).sum():,} without events",
        "events": f"{each.sum():,}, {each.min():,} to {each.max():,} per person, median {np.median(each):,.0f}",
        "variables": _some([f"{brief(name, 24)} {count:,}" for name, count in variables.items()]),
        "days": _range(data.events["time"].to_numpy()),
        "classes": _classes(data.labels, data.class_names),
        "groups": _groups(data.groups, "person"),
    }
    if moment.isna().all():
        found["known"] = "every event, since outcomes have no column time: none may come from after the outcome"
    else:
        known = len(known_events(data))
        found["known"] = f"{known:,} events, up to the moment of prediction; {each.sum() - known:,} come later"
    return found


def _scans(data: Scans, seed: int) -> dict[str, str]:
    each = [_volume(volume) for volume in data.volumes[:MOST]]
    more = len(data.volumes) - len(each)
    masked = sum(volume.mask is not None for volume in data.volumes)
    patients = len(np.unique(data.groups))
    of_patients = f"{patients:,} patient{'s' if patients > 1 else ''}"
    found = {
        "read as": "scans",
        "scans": f"{len(data.volumes):,} of {of_patients}, {masked:,} of them with a mask",
        "volumes": LINE.join([*each, *([f"and {more:,} more"] if more > 0 else [])]),
    }
    split = divided(data, seed)
    if split is None:
        found["no study"] = needed(data)
    else:
        sizes = [f"{part}: {', '.join(data.names[row] for row in rows)}" for part, rows in split.parts().items()]
        found["split"] = LINE.join(brief(text, 120) for text in sizes)
    if data.entry.notes:
        found["assumed"] = LINE.join(data.entry.notes)
    return found


def _volume(volume: Volume) -> str:
    shape, spacing = (" x ".join(f"{length:.4g}" for length in part) for part in (volume.shape, volume.spacing))
    modality = volume.modality or "modality not stated"
    inside = "no mask" if volume.mask is None else f"mask of {_millilitres(volume):.3g} ml"
    return f"{brief(volume.name, 40)}: {modality}, {shape} voxels of {spacing} mm, {inside}"


def _millilitres(volume: Volume) -> float:
    return np.count_nonzero(volume.mask) * volume.voxel_volume / 1000


def _classes(labels: np.ndarray, names: tuple[str, ...]) -> str:
    counts = np.bincount(labels, minlength=len(names))
    return _some([f"{brief(n, 24)} {k:,} ({k / len(labels):.1%})" for n, k in zip(names, counts, strict=True)])


def _groups(groups: np.ndarray, row: str) -> str:
    count = len(np.unique(groups))
    return f"{count:,}, each {row} its own" if count == len(groups) else f"{count:,}, never divided by a split"


def _range(values: np.ndarray) -> str:
    return f"{values.min():.4g} to {values.max():.4g}, median {np.median(values):.4g}"


def _some(found: list[str]) -> str:
    more = len(found) - MOST
    return ", ".join(found[:MOST]) + (f" and {more:,} more" if more > 0 else "")
