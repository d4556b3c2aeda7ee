"""What ``datasets.load`` returns: one frozen type per kind of data, checked when it is made, its arrays read-only."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from utils.datasets.catalogue import Entry
from utils.datasets.splits import Split
from utils.datasets.volumes.volume import Volume
from utils.errors import CourseError, UsageError


class _Dataset:
    """Equal lengths and read-only arrays: what all types have in common."""

    def _seal(self, **lengths: int) -> None:
        """Refuse lengths that differ, each given by its name; then protect every array."""
        if len(set(lengths.values())) > 1:
            lengths_found = ", ".join(f"{length:,} {name}" for name, length in lengths.items())
            raise CourseError(
                f"The dataset {self.entry.name!r} does not fit together: {lengths_found}; each row needs one of each."
            )
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def _need(self, fits: bool, what: str) -> None:
        if not fits:
            raise CourseError(f"The dataset {self.entry.name!r} does not fit together: {what}.")


@dataclass(frozen=True, eq=False)
class Images(_Dataset):
    """Pictures with one label each (or, with several findings per picture, one row of 0 and 1).

    images: uint8 (n, height, width, channels). labels: int64 (n,) or (n, findings), indices into class_names.
    groups: int64 (n,), pictures that belong together (one block of tissue, one patient); each its own where that is
    not known. positions: float32 (n, 2), row and column of the centre in its field (pixels), or None. split: official,
    or None. fields: int64 (n,), the number of the field of tissue, or None.
    """

    entry: Entry
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    positions: np.ndarray | None = None
    split: Split | None = None
    fields: np.ndarray | None = None

    def __post_init__(self):
        given = {name: getattr(self, name) for name in ("positions", "fields")}
        placed = {name: len(array) for name, array in given.items() if array is not None}
        self._seal(images=len(self.images), labels=len(self.labels), groups=len(self.groups), **placed)
        self._need(
            self.images.ndim == 4 and self.images.dtype == np.uint8,
            f"images are {self.images.dtype} {self.images.shape}",
        )
        known = len(self.class_names) if self.labels.ndim == 1 else 2
        self._need(
            self.labels.size == 0 or 0 <= self.labels.min() <= self.labels.max() < known, "a label has no class name"
        )


@dataclass(frozen=True, eq=False)
class TissueField(_Dataset):
    """One whole field of tissue with a mask.

    image: uint8 (height, width, 3). instances: int32 (height, width), number of the nucleus from 1, 0 outside.
    classes: uint8 (height, width), 0 outside, else 1 + index into class_names.
    """

    entry: Entry
    image: np.ndarray
    instances: np.ndarray
    classes: np.ndarray
    class_names: tuple[str, ...]

    def __post_init__(self):
        shapes = {self.image.shape[:2], self.instances.shape, self.classes.shape}
        self._need(len(shapes) == 1, f"picture and masks have the shapes {sorted(shapes)}")
        self._seal()


@dataclass(frozen=True, eq=False)
class Records(_Dataset):
    """Patients and what was recorded of them, when.

    patients: one row per patient, index ``id``, with "group", follow-up, outcome and what does not change.
    events: id, time (days from the index date or first visit), variable, value; sorted by id, then time.
    labels: int64 (patients,), state at the last contact, index into class_names; a patient who is lost to
    follow-up counts as alive: make the label for a fixed horizon from ``follow_up_days`` and this.
    groups: int64 (patients,), not to be split.
    """

    entry: Entry
    patients: pd.DataFrame
    events: pd.DataFrame
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray

    def __post_init__(self):
        self._seal(patients=len(self.patients), labels=len(self.labels), groups=len(self.groups))
        self._need(
            list(self.events.columns) == ["id", "time", "variable", "value"],
            f"events have the columns {list(self.events.columns)}",
        )
        self._need(self.patients.index.is_unique, "two rows describe the same patient")
        self._need(
            self.events["id"].isin(self.patients.index).all(),
            "an event belongs to a person who is not among the patients",
        )

    def visits(self) -> pd.DataFrame:
        """One row per (id, time), one column a variable, NaN where not measured; values of one day are averaged."""
        wide = self.events.pivot_table(
            index=["id", "time"], columns="variable", values="value", aggfunc="mean", observed=True
        )
        return wide.rename_axis(columns=None)


@dataclass(frozen=True, eq=False)
class Signals(_Dataset):
    """Series of equal length.

    signals: float32 (n, time). labels: int64 (n,), indices into class_names. groups: int64 (n,), one per patient.
    split: the official one, or None.
    """

    entry: Entry
    signals: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    split: Split | None = None

    def __post_init__(self):
        self._seal(signals=len(self.signals), labels=len(self.labels), groups=len(self.groups))
        self._need(self.signals.ndim == 2, f"signals have the shape {self.signals.shape}")


@dataclass(frozen=True, eq=False)
class Sequences(_Dataset):
    """Sequences of bases.

    sequences: str objects (n,). labels: int64 (n,). groups: int64 (n,), the same for identical sequences.
    positions: int64 (n,), where each is on its chromosome, or None.
    """

    entry: Entry
    sequences: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    positions: np.ndarray | None = None

    def __post_init__(self):
        positions = {} if self.positions is None else {"positions": len(self.positions)}
        self._seal(sequences=len(self.sequences), labels=len(self.labels), groups=len(self.groups), **positions)


@dataclass(frozen=True, eq=False)
class Molecules(_Dataset):
    """Molecules that RDKit can read, and those that it cannot.

    smiles: str objects (n,). labels: float32 (n, tasks), NaN where not measured. task_names: one a column.
    groups: int64 (n,), the number of the Bemis-Murcko scaffold; molecules without rings share one.
    unparsable: (row in the published table, or line of your own file; SMILES) of every molecule left out because it
    cannot be read.
    """

    entry: Entry
    smiles: np.ndarray
    labels: np.ndarray
    task_names: tuple[str, ...]
    groups: np.ndarray
    unparsable: tuple[tuple[int, str], ...] = ()

    def __post_init__(self):
        self._seal(smiles=len(self.smiles), labels=len(self.labels), groups=len(self.groups))
        self._need(
            self.labels.shape[1:] == (len(self.task_names),),
            f"labels {self.labels.shape} for {len(self.task_names)} tasks",
        )


@dataclass(frozen=True, eq=False)
class Scans(_Dataset):
    """Volumes of patients, each with the mask of a structure.

    volumes: one per patient. tumours: for each of them the part around its mask in the resolution of the scanner, or
    the volume itself where it has no mask; it is here that features as published are to be measured.
    groups: int64 (n,), one per patient. published: features by others, index (kind, feature), one column per patient;
    no rows where nobody published any.
    """

    entry: Entry
    volumes: tuple[Volume, ...]
    tumours: tuple[Volume, ...]
    groups: np.ndarray
    published: pd.DataFrame

    def __post_init__(self):
        self._seal(volumes=len(self.volumes), tumours=len(self.tumours), groups=len(self.groups))
        self._need(len(set(self.names)) == len(self.names), "two volumes have one name")

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each volume, for example "lung1"."""
        return tuple(volume.name for volume in self.volumes)

    def volume(self, name: str) -> Volume:
        """The volume of this name, whole."""
        return self.volumes[self._place(name)]

    def tumour(self, name: str) -> Volume:
        """The part around the mask of the volume of this name, in the resolution of the scanner."""
        return self.tumours[self._place(name)]

    def _place(self, name: str) -> int:
        if name not in self.names:
            raise UsageError(f"There is no volume {name!r}; there are {', '.join(self.names)}.")
        return self.names.index(name)


@dataclass(frozen=True, eq=False)
class DicomFiles(_Dataset):
    """DICOM files as they were published, to be opened one by one.

    files: path below ``folder`` → where it is, each checked against the catalogue. folder: that holds them all.
    groups: int64 (n,), one per patient (where the headers tell patients apart).
    """

    entry: Entry
    folder: Path
    files: Mapping[str, Path]
    groups: np.ndarray

    def __post_init__(self):
        self._seal(files=len(self.files), groups=len(self.groups))
