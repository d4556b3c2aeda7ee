"""Molecules as arrays: graphs of atoms and bonds, fingerprints, descriptors and SMILES tokens. RDKit reads them.

A graph takes as much room as it has atoms. Padding is added batch by batch, with molecules of like size together, so
that one molecule of 500 atoms does not blow up 50,000 small ones.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdCIPLabeler, rdFingerprintGenerator, rdMolDescriptors

from utils.errors import CourseError

# Each feature with the values that have a column of their own; a last column stands for all others.
ATOM_FEATURES = {
    "element": ("B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Se", "Br", "I"),
    "neighbours": (0, 1, 2, 3, 4),
    "hydrogens": (0, 1, 2, 3),
    "charge": (-1, 0, 1),
    "hybridisation": (Chem.HybridizationType.SP, Chem.HybridizationType.SP2, Chem.HybridizationType.SP3),
    "aromatic": (False,),
    "in a ring": (False,),
    "handedness": ("", "R"),  # and S
}
BOND_FEATURES = {
    "kind": (Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE),  # and aromatic
    "conjugated": (False,),
    "in a ring": (False,),
}
DESCRIPTORS = (
    "molecular weight",
    "Crippen log P",
    "Crippen molar refractivity",
    "polar surface area",
    "hydrogen-bond donors",
    "hydrogen-bond acceptors",
    "rotatable bonds",
    "rings",
    "aromatic rings",
    "share of carbons that are sp3",
    "heavy atoms",
    "atoms other than carbon",
    "share of atoms that are aromatic",
    "charge",
)
SIZES = (8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128)  # atoms to which batches are padded; beyond, multiples of 128
MOST_PAIRS = 2**19  # pairs of atoms in a padded batch: where molecules are large, fewer of them come together

# Brackets are one token, and so are the elements of two letters; a % announces a ring number of two digits.
TOKEN = re.compile(r"\[[^\]]*\]|Br|Cl|%\d\d|.", re.DOTALL)


def _columns(features: dict) -> tuple[np.ndarray, int]:
    """The first column of each feature, and the number of columns of all."""
    widths = [len(values) + 1 for values in features.values()]
    return np.cumsum([0, *widths[:-1]]), sum(widths)


_ATOM_START, ATOM_WIDTH = _columns(ATOM_FEATURES)
_BOND_START, BOND_WIDTH = _columns(BOND_FEATURES)
_ATOM_CODES, _BOND_CODES = (
    [{value: code for code, value in enumerate(values)} | {None: len(values)} for values in features.values()]
    for features in (ATOM_FEATURES, BOND_FEATURES)
)


@dataclass(frozen=True, eq=False)
class Graphs:
    """Molecules as graphs, one after the other without padding.

    atoms: uint8 (all atoms, features), the code of each feature. atom_start: int64 (n + 1), where a molecule begins.
    bonds: uint8 (all bonds in both directions, features). ends: int32 (all bonds, 3), for each the atom that listens,
    the number of this neighbour among its neighbours, and the atom that speaks, counted within the molecule.
    bond_start: int64 (n + 1).
    """

    atoms: np.ndarray
    atom_start: np.ndarray
    bonds: np.ndarray
    ends: np.ndarray
    bond_start: np.ndarray

    def __len__(self) -> int:
        return len(self.atom_start) - 1

    @property
    def sizes(self) -> np.ndarray:
        """Number of atoms without hydrogen of each molecule: int64 (n,)."""
        return np.diff(self.atom_start)

    def pad(self, rows: Sequence[int], atoms: int | None = None) -> dict[str, np.ndarray]:
        """Some molecules as a batch, padded to a common number of atoms.

        rows: which molecules, (b,). atoms: the common number N; unless given, the next of SIZES that holds the largest.
        Returns atoms float32 (b, N, ATOM_WIDTH), one-hot; neighbours int32 (b, N, D), the neighbours of each atom and
        -1 where it has no more; bonds float32 (b, N, D, BOND_WIDTH), one-hot, the bond to each neighbour; is_atom bool
        (b, N), True for an atom, False for padding. D is 4, or the largest number of neighbours.
        CourseError when a molecule has more than N atoms.
        """
        rows = np.asarray(rows, dtype=np.int64).reshape(-1)
        largest = int(self.sizes[rows].max(initial=1))
        length = padded_size(largest) if atoms is None else atoms
        if largest > length:
            raise CourseError(f"A molecule of {largest} atoms does not fit into atoms={length}; give a larger number.")
        of_atom, atom = _members(rows, self.atom_start)
        place = of_atom * length + atom - self.atom_start[rows][of_atom]
        of_bond, bond = _members(rows, self.bond_start)
        listens, slot, speaks = self.ends[bond].T
        degree = max(4, int(slot.max(initial=0)) + 1)
        cell = (of_bond * length + listens) * degree + slot
        cells = len(rows) * length
        neighbours = np.full(cells * degree, -1, np.int32)
        neighbours[cell] = speaks
        mask = np.zeros(cells, bool)
        mask[place] = True
        return {
            "atoms": _one_hot(self.atoms[atom], place, cells, _ATOM_START, ATOM_WIDTH).reshape(
                len(rows), length, ATOM_WIDTH
            ),
            "neighbours": neighbours.reshape(len(rows), length, degree),
            "bonds": _one_hot(self.bonds[bond], cell, cells * degree, _BOND_START, BOND_WIDTH).reshape(
                len(rows), length, degree, BOND_WIDTH
            ),
            "is_atom": mask.reshape(len(rows), length),
        }

    def batches(
        self, rows: Sequence[int], size: int = 32, rng: np.random.Generator | None = None
    ) -> Iterator[np.ndarray]:
        """The rows, part by part, none left out: at most ``size`` molecules, fewer where they are large.

        With rng in random order: eight batches are drawn at a time and their molecules sorted by size among them, so
        that little is padding and chance still mixes. Without rng all are sorted by size.
        """
        rows = np.asarray(rows, dtype=np.int64).reshape(-1)
        pool = len(rows) or 1
        if rng is not None:
            rows, pool = rng.permutation(rows), 8 * size
        for start in range(0, len(rows), pool):
            chosen = rows[start : start + pool]
            chosen = chosen[np.argsort(self.sizes[chosen], kind="stable")]
            parts = list(_cut(chosen, self.sizes[chosen], size))
            yield from parts if rng is None else [parts[place] for place in rng.permutation(len(parts))]


def padded_size(atoms: int) -> int:
    """The number of atoms to which a batch is padded when its largest molecule has so many: few different ones, since
    every new shape may be compiled anew."""
    return next((size for size in SIZES if size >= atoms), -(-atoms // SIZES[-1]) * SIZES[-1])


def graphs(smiles: Sequence[str], *, handedness: bool = False) -> Graphs:
    """Read molecules into graphs. Hydrogens are counted at their atoms; parts of a salt are graphs without a bridge.

    smiles: (n,) str; where they begin and which way they go changes no feature. handedness: tell R from S, by the rules
    of Cahn, Ingold and Prelog (1966), https://doi.org/10.1002/anie.196603851; off unless asked for, since whether a
    record gives it says as much about who wrote the record as about the substance.
    CourseError, with row and SMILES, when RDKit cannot read one or it has no atoms.
    """
    atoms, bonds, ends, atom_counts, bond_counts = [], [], [], [0], [0]
    for molecule in read_molecules(smiles):
        degrees = [0] * molecule.GetNumAtoms()
        if handedness:
            rdCIPLabeler.AssignCIPLabels(molecule)
        atoms.extend(_atom(atom, handedness) for atom in molecule.GetAtoms())
        for bond in molecule.GetBonds():
            first, second, code = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _bond(bond)
            for listens, speaks in ((first, second), (second, first)):
                ends.append((listens, degrees[listens], speaks))
                bonds.append(code)
                degrees[listens] += 1
        atom_counts.append(len(degrees))
        bond_counts.append(2 * molecule.GetNumBonds())
    return Graphs(
        atoms=np.array(atoms, np.uint8).reshape(-1, len(ATOM_FEATURES)),
        atom_start=np.cumsum(atom_counts),
        bonds=np.array(bonds, np.uint8).reshape(-1, len(BOND_FEATURES)),
        ends=np.array(ends, np.int32).reshape(-1, 3),
        bond_start=np.cumsum(bond_counts),
    )


def fingerprints(smiles: Sequence[str], bits: int = 1024, radius: int = 2) -> np.ndarray:
    """Circular fingerprints, uint8 (n, bits): a 1 where a neighbourhood of up to ``radius`` bonds occurs.

    Rogers and Hahn (2010), https://doi.org/10.1021/ci100050t.
    """
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=bits)
    found = np.zeros((len(smiles), bits), np.uint8)
    for row, molecule in enumerate(read_molecules(smiles)):
        found[row] = generator.GetFingerprintAsNumPy(molecule)
    return found


def nearest_similarity(prints: np.ndarray, known: np.ndarray) -> np.ndarray:
    """For each fingerprint (n, bits) its largest Tanimoto similarity to a known one (m, bits): float32 (n,), 0 to 1."""
    known = known.astype(np.float32)
    ones, found = known.sum(axis=1), []
    for start in range(0, len(prints), 256):  # so that memory does not grow with n · m
        part = prints[start : start + 256].astype(np.float32)
        shared = part @ known.T
        either = part.sum(axis=1)[:, None] + ones - shared
        found.append((shared / np.maximum(either, 1)).max(axis=1))
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def descriptors(smiles: Sequence[str]) -> np.ndarray:
    """Numbers that chemists know a molecule by, float32 (n, 14), one column for each of DESCRIPTORS.

    Weight in dalton, polar surface area in square angstrom. log P and refractivity are estimates, by a formula that
    was itself fitted to measurements: Wildman and Crippen (1999), https://doi.org/10.1021/ci990307l.
    """
    found = np.zeros((len(smiles), len(DESCRIPTORS)), np.float32)
    of = rdMolDescriptors
    for row, molecule in enumerate(read_molecules(smiles)):
        heavy = molecule.GetNumHeavyAtoms()
        aromatic = sum(atom.GetIsAromatic() for atom in molecule.GetAtoms())
        found[row] = (
            of._CalcMolWt(molecule),
            *of.CalcCrippenDescriptors(molecule),
            of.CalcTPSA(molecule),
            of.CalcNumHBD(molecule),
            of.CalcNumHBA(molecule),
            of.CalcNumRotatableBonds(molecule),
            of.CalcNumRings(molecule),
            of.CalcNumAromaticRings(molecule),
            of.CalcFractionCSP3(molecule),
            heavy,
            of.CalcNumHeteroatoms(molecule),
            aromatic / max(heavy, 1),
            Chem.GetFormalCharge(molecule),
        )
    return found


def tokenise(smiles: str) -> list[str]:
    """The tokens of a SMILES: ``"CCl"`` → ``["C", "Cl"]``. Joined, they are the SMILES again."""
    return TOKEN.findall(smiles)


def read_molecules(smiles: Sequence[str]) -> Iterator[Chem.Mol]:
    """Each SMILES as RDKit reads it; CourseError, with row and SMILES, for one that it cannot read or without atoms."""
    with rdBase.BlockLogs():  # of what RDKit cannot read, the error tells
        for row, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text) if isinstance(text, str) else None
            if molecule is None or not molecule.GetNumAtoms():
                raise CourseError(f"Row {row}: RDKit cannot read {text!r} as a molecule; leave it out.")
            yield molecule


def _atom(atom: Chem.Atom, handedness: bool) -> tuple[int, ...]:
    values = (
        atom.GetSymbol(),
        atom.GetDegree(),
        atom.GetTotalNumHs(),
        atom.GetFormalCharge(),
        atom.GetHybridization(),
        atom.GetIsAromatic(),
        atom.IsInRing(),
        atom.GetProp("_CIPCode") if handedness and atom.HasProp("_CIPCode") else "",
    )
    return tuple(codes.get(value, codes[None]) for codes, value in zip(_ATOM_CODES, values, strict=True))


def _bond(bond: Chem.Bond) -> tuple[int, ...]:
    values = (bond.GetBondType(), bond.GetIsConjugated(), bond.IsInRing())
    return tuple(codes.get(value, codes[None]) for codes, value in zip(_BOND_CODES, values, strict=True))


def _members(rows: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every member of the rows, in order: which of the rows it belongs to, and its place in the flat array."""
    counts = np.diff(start)[rows]
    owner = np.repeat(np.arange(len(rows)), counts)
    before = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - before[owner] + start[rows][owner]


def _one_hot(codes: np.ndarray, place: np.ndarray, cells: int, start: np.ndarray, width: int) -> np.ndarray:
    """codes (m, features) at these cells → float32 (cells, width), 0 elsewhere."""
    found = np.zeros((cells, width), np.float32)
    found[place[:, None], start + codes] = 1
    return found


def _cut(rows: np.ndarray, sizes: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Consecutive parts of at most so many rows, and of MOST_PAIRS pairs unless one molecule alone has more."""
    start = 0
    while start < len(rows):
        stop = min(start + most, len(rows))
        while stop > start + 1 and (stop - start) * padded_size(int(sizes[start:stop].max())) ** 2 > MOST_PAIRS:
            stop -= 1
        yield rows[start:stop]
        start = stop
