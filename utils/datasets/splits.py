"""Ways to part rows into training, validation and test. None of them lets a group fall on both sides.

Fractions are (training, validation, test) and add up to 1; a part with the fraction 0 stays empty, any other gets rows.
The same seed gives the same split. What cannot be split is a UsageError that says why.

By hand, because scikit-learn's splitters cut into two parts only, ``GroupShuffleSplit`` by the number of groups and
not of rows, and none of them leaves a strip out between neighbouring patches; a part may then stay empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from utils.datasets.split_arguments import (
    FRACTIONS,
    checked_fractions,
    checked_gap,
    checked_mask,
    checked_positions,
    generator,
    named,
    one_per_row,
    row_numbers,
    whole_number,
)
from utils.errors import UsageError


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three parts, int64, ascending, none of them twice; rows may be left out."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def __post_init__(self):
        for name, part in self.parts().items():
            rows = np.sort(row_numbers(part, name))
            rows.setflags(write=False)
            object.__setattr__(self, name, rows)
        rows = np.concatenate(list(self.parts().values()))
        if len(np.unique(rows)) < len(rows):
            raise UsageError("A row is in two parts of the split, or twice in one; give each row to one part only.")

    def parts(self) -> dict[str, np.ndarray]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def __repr__(self) -> str:
        return "Split(" + ", ".join(f"{name}: {len(part):,}" for name, part in self.parts().items()) + ")"


def by_row(n: int, fractions: Sequence[float] = FRACTIONS, seed: int = 0, labels: np.ndarray | None = None) -> Split:
    """Each of n rows on its own, at random; with labels (n,), each class in the same shares as far as its size allows.

    Right only where rows have nothing to do with each other: see ``by_group``.
    """
    fractions = checked_fractions(fractions)
    n = whole_number(n, "The number of rows", least=0)
    _need(n, "rows", fractions)
    sizes = np.diff(_cuts(np.arange(1, n + 1), fractions), prepend=0, append=n)
    order = generator(seed).permutation(n)
    part = np.repeat(np.arange(3), sizes)
    if labels is not None:
        labels = named(labels, "label")[1]
        if len(labels) != n:
            raise UsageError(f"{len(labels)} labels cannot stratify {n} rows; give one label per row, ({n},).")
        # Class after class, with the parts dealt out evenly along the way: every stretch of rows holds the same shares.
        order = order[np.argsort(labels[order], kind="stable")]
        places = np.concatenate([(np.arange(size) + 0.5) / max(size, 1) for size in sizes])
        part = part[np.argsort(places, kind="stable")]
    return _build(order, part)


def by_group(groups: np.ndarray, fractions: Sequence[float] = FRACTIONS, seed: int = 0) -> Split:
    """Whole groups at random, so that the shares of rows come close to the fractions.

    groups: (n,), any values that can be compared, none of them missing. UsageError when there are fewer groups than
    parts.
    """
    fractions = checked_fractions(fractions)
    names, member = named(groups, "group")
    _need(len(names), "groups", fractions)
    part = _parts_of_groups(np.bincount(member), fractions, generator(seed))
    return _build(np.arange(len(member)), part[member])


def by_scaffold(groups: ArrayLike, fractions: Sequence[float] = FRACTIONS) -> Split:
    """Molecules by scaffold: the common ones train, the rare ones test, as in MoleculeNet (doi:10.1039/C7SC02664A).

    groups: scaffold number of each molecule (n,), or a ``Molecules``. Nothing is left to chance: there is no seed.
    """
    fractions = checked_fractions(fractions)
    names, member = named(getattr(groups, "groups", groups), "scaffold")
    _need(len(names), "scaffolds", fractions)
    sizes = np.bincount(member)
    order = np.argsort(-sizes, kind="stable")
    first, second = _cuts(np.cumsum(sizes[order]), fractions)
    part = np.full(len(names), 2)
    part[order[:second]] = 1
    part[order[:first]] = 0
    return _build(np.arange(len(member)), part[member])


def by_position(
    positions: np.ndarray,
    fractions: Sequence[float] = FRACTIONS,
    axis: str = "column",
    gap: float = 32,
    seed: int | None = None,
    within: np.ndarray | None = None,
    tiles: int = 6,
) -> Split:
    """Parts of one field of tissue, with a strip left out between them: patches of different parts share no pixel.

    positions: (n, 2) row and column of the centres, pixels. axis: "column" cuts the field into upright bands, "row"
    into level ones - training first, then validation, then test, or in an order drawn by the seed; "tiles" deals out
    tiles x tiles rectangles at random. gap: width of the strip in pixels, at least the side of a patch.
    within: bool (n,), the rows to part, for example those of one field; all others are in no part.
    """
    fractions = checked_fractions(fractions)
    positions, gap, tiles = (
        checked_positions(positions),
        checked_gap(gap),
        whole_number(tiles, "The number of tiles per side", least=1),
    )
    if axis not in ("column", "row", "tiles"):
        raise UsageError(f"A field cannot be parted by axis={axis!r}; give 'column', 'row' or 'tiles'.")
    rows = np.arange(len(positions)) if within is None else np.flatnonzero(checked_mask(within, len(positions)))
    _need(len(rows), "patches", fractions)
    places = positions[rows]
    if axis == "tiles":
        part = _tiles(places, fractions, gap, generator(seed or 0), tiles)
    else:
        part = _bands(places[:, ("row", "column").index(axis)], fractions, gap, seed)
    split = _build(rows, part)
    for fraction, (name, members) in zip(fractions, split.parts().items(), strict=True):
        if fraction and not len(members):
            raise UsageError(
                f"A gap of {gap:g} pixels leaves no patch for {name}; take a smaller gap, a larger fraction, "
                "or patches from more places."
            )
    return split


def deduplicate(sequences: ArrayLike) -> np.ndarray:
    """Row numbers, ascending int64, of the first appearance of each different sequence."""
    return np.sort(np.unique(one_per_row(sequences, "sequence").astype(str), return_index=True)[1]).astype(np.int64)


def numbered(names: np.ndarray) -> np.ndarray:
    """Groups from names: int64 (n,), one number for each different name."""
    return np.unique(one_per_row(names, "name").astype(str), return_inverse=True)[1].astype(np.int64)


def _bands(coordinate: np.ndarray, fractions: tuple, gap: float, seed: int | None) -> np.ndarray:
    """Part of each coordinate, -1 within half a gap of a cut."""
    order = np.flatnonzero(fractions)
    if seed is not None:
        order = generator(seed).permutation(order)
    cuts = np.quantile(coordinate, np.cumsum(np.asarray(fractions)[order])[:-1].clip(max=1))
    part = order[np.searchsorted(cuts, coordinate, side="right")]
    part[(np.abs(coordinate[:, None] - cuts) < gap / 2).any(axis=1)] = -1
    return part


def _tiles(places: np.ndarray, fractions: tuple, gap: float, rng: np.random.Generator, tiles: int) -> np.ndarray:
    """Part of each place, -1 where the square of side gap around it reaches into a tile of another part, or of none.

    Two squares that overlap have a point in common. Its tile has one part; both places, if kept, have that part.
    """
    start = places.min(axis=0)
    side = (places.max(axis=0) - start) / tiles
    wide = side > 0  # patches in one line are cut along the line only
    if wide.any() and gap > side[wide].min():
        narrow = side[wide].min()
        raise UsageError(
            f"A gap of {gap:g} pixels is wider than a tile of {narrow:.0f}; take fewer tiles or a smaller gap."
        )

    def tile_at(points: np.ndarray) -> np.ndarray:
        steps = np.where(wide, (points - start) // np.where(wide, side, 1), 0)
        row, column = np.clip(steps, 0, tiles - 1).astype(int).T
        return row * tiles + column

    occupied, member = np.unique(tile_at(places), return_inverse=True)
    _need(len(occupied), "tiles with a patch", fractions)
    part_of_tile = np.full(tiles * tiles, -1)
    part_of_tile[occupied] = _parts_of_groups(np.bincount(member), fractions, rng)
    part = part_of_tile[tile_at(places)]
    for corner in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        part = np.where(part_of_tile[tile_at(places + np.array(corner) * gap / 2)] == part, part, -1)
    return part


def _need(count: int, what: str, fractions: tuple) -> None:
    """UsageError when there is less than one for each part."""
    parts = np.count_nonzero(fractions)
    if count < parts:
        noun = what.removesuffix("s") if count == 1 else what
        raise UsageError(f"{count} {noun} cannot fill {parts} parts; give more of them, or set a fraction to 0.")


def _cuts(reached: np.ndarray, fractions: tuple) -> tuple[int, int]:
    """How many items go to the first part, and to the first two, when the first k items hold reached[k - 1] rows.

    The cut lies where the rows come closest to the fraction, but every part with a fraction gets an item.
    """
    count, rows = len(reached), np.concatenate([[0], reached])
    train, validation, test = (int(fraction > 0) for fraction in fractions)
    first, second = (int(np.abs(rows - limit * rows[-1]).argmin()) for limit in (fractions[0], 1 - fractions[2]))
    second = min(second, count - test)
    first = max(min(first, second - validation), train)
    return first, max(second, first + validation) if validation else first


def _parts_of_groups(sizes: np.ndarray, fractions: tuple, rng: np.random.Generator) -> np.ndarray:
    """Part of each group of this many rows: in random order, each goes where most room is left; no part stays empty."""
    order = rng.permutation(len(sizes))
    room = np.array(fractions) * sizes.sum()
    wanted = np.flatnonzero(fractions)
    # A group larger than a part is placed while there is room for it; among the others chance alone decides.
    order = order[np.argsort(sizes[order] < room[wanted].min(), kind="stable")]
    empty, part = set(wanted.tolist()), np.zeros(len(sizes), int)
    for placed, group in enumerate(order):
        choices = empty if len(order) - placed == len(empty) else wanted
        part[group] = max(choices, key=lambda k: room[k])
        room[part[group]] -= sizes[group]
        empty.discard(int(part[group]))
    return part


def _build(rows: np.ndarray, part: np.ndarray) -> Split:
    return Split(*(rows[part == k] for k in range(3)))
