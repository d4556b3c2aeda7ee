"""One volume: voxels, and where each of them is in the patient."""

from dataclasses import dataclass, replace

import numpy as np

from utils.errors import CourseError

UNITS = {"CT": "HU"}  # what the numbers of a modality mean; MR and ultrasound have no unit


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan of one patient, and where its voxels are.

    name: of the patient, the file or the folder. modality: "CT", "MR", "CR", … as DICOM writes it, "" if not stated.
    voxels: int16 or float32 (slices, rows, columns), rescaled; read-only. A large volume is an array on the disk
    (``numpy.memmap``): take slices or patches of it, and only these are read.
    affine: float64 (4, 4), from [slice, row, column, 1] to the millimetres of the patient [left, posterior, superior,
    1], the axes of DICOM: x grows to the patient's left, y to the back, z to the head. (NIfTI's grow to the right and
    to the front; they are turned when it is read.)
    mask: uint8 (slices, rows, columns), 0 outside and 1 (or the number of the structure) inside, or None.
    units: "HU" for CT, "" where the numbers have no unit. notes: what was assumed to read it, one sentence each.
    """

    name: str
    modality: str
    voxels: np.ndarray
    affine: np.ndarray
    mask: np.ndarray | None = None
    units: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        if self.voxels.ndim != 3 or self.affine.shape != (4, 4):
            raise CourseError(
                f"The volume {self.name!r} does not fit together: voxels {self.voxels.shape}, affine "
                f"{self.affine.shape}; expected (slices, rows, columns) and (4, 4)."
            )
        if self.mask is not None and self.mask.shape != self.voxels.shape:
            raise CourseError(
                f"The mask of {self.name!r} has the shape {self.mask.shape}, its voxels {self.voxels.shape}; "
                "expected one shape."
            )
        for array in (self.voxels, self.affine, self.mask):
            if array is not None:
                array.setflags(write=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.voxels.shape

    @property
    def spacing(self) -> np.ndarray:
        """float64 (3,): millimetres from one slice, row and column to the next."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @property
    def origin(self) -> np.ndarray:
        """float64 (3,): where the centre of the first voxel is, mm (left, posterior, superior)."""
        return self.affine[:3, 3]

    @property
    def direction(self) -> np.ndarray:
        """float64 (3, 3): columns are the unit vectors along slices, rows and columns of the array."""
        return self.affine[:3, :3] / self.spacing

    @property
    def voxel_volume(self) -> float:
        """Cubic millimetres of one voxel."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def positions(self, indices: np.ndarray) -> np.ndarray:
        """(n, 3) indices (slice, row, column), fractions allowed → (n, 3) mm (left, posterior, superior)."""
        return np.asarray(indices, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def indices(self, positions: np.ndarray) -> np.ndarray:
        """The other way: (n, 3) mm → (n, 3) indices, not rounded."""
        return np.linalg.solve(self.affine[:3, :3], (np.asarray(positions, float) - self.affine[:3, 3]).T).T

    def crop(self, slices: slice, rows: slice, columns: slice) -> "Volume":
        """The part in these ranges (steps of 1), where it was; voxels and mask are copied."""
        box = tuple(
            slice(*part.indices(size)[:2]) for part, size in zip((slices, rows, columns), self.shape, strict=True)
        )
        if any(part.stop <= part.start for part in box):
            raise CourseError(f"The part {box} of {self.name!r} is empty; its voxels are {self.shape}.")
        affine = self.affine.copy()
        affine[:3, 3] = self.positions([[part.start for part in box]])[0]
        mask = None if self.mask is None else self.mask[box].copy()
        return replace(self, voxels=np.array(self.voxels[box]), affine=affine, mask=mask)

    def around_mask(self, margin_mm: float = 20.0) -> "Volume":
        """The box around the mask with this margin on each side, cut where the volume ends."""
        if self.mask is None or not self.mask.any():
            raise CourseError(f"The volume {self.name!r} has no mask to crop around; give one with a voxel inside.")
        where = [np.flatnonzero(self.mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
        extra = np.ceil(margin_mm / self.spacing).astype(int)
        return self.crop(
            *(slice(max(rows[0] - more, 0), rows[-1] + 1 + more) for rows, more in zip(where, extra, strict=True))
        )
