"""Records of molecules in one form: without the partner of a salt, without avoidable charges, one row per molecule."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

from utils.features.molecules import read_molecules


class OneRowEach(NamedTuple):
    """The rows that stay when each molecule is to occur once. Both are arrays of row numbers in rising order.

    rows: the first row of each molecule whose rows agree. conflicting: all rows of molecules whose labels differ.
    """

    rows: np.ndarray
    conflicting: np.ndarray


def standardise(smiles: Sequence[str]) -> np.ndarray:
    """The substance itself, written in one way: the largest part of each record, neutral where it can be.

    Functional groups are brought into one form, metals are separated, and of several parts the largest organic one is
    kept: the hydrochloride of a base becomes the base. Then hydrogens are added or taken away until the charge is 0; a
    quaternary ammonium stays charged. Tautomers are left as they are, and so is what a record says of handedness.

    Parameters
    ----------
    smiles : sequence of str, (n,)

    Returns
    -------
    array of str, (n,)
        Canonical SMILES. Records of the same substance get the same one, however they were written.

    Raises
    ------
    CourseError
        With row and SMILES, when RDKit cannot read one or it has no atoms.

    References
    ----------
    Bento et al. (2020), Journal of Cheminformatics 12:51, https://doi.org/10.1186/s13321-020-00456-1.
    """
    largest = rdMolStandardize.LargestFragmentChooser(preferOrganic=True)
    uncharger = rdMolStandardize.Uncharger()
    found = np.empty(len(smiles), object)
    with rdBase.BlockLogs():
        for row, molecule in enumerate(read_molecules(smiles)):
            part = uncharger.uncharge(largest.choose(rdMolStandardize.Cleanup(molecule)))
            found[row] = Chem.CanonSmiles(Chem.MolToSmiles(part))
    return found


def one_row_each(names: ArrayLike, labels: ArrayLike) -> OneRowEach:
    """One row per molecule; of a molecule whose labels contradict each other no row at all.

    Parameters
    ----------
    names : array-like of str or int, (n,)
        What tells molecules apart, for example their standardised SMILES.
    labels : array-like of float, (n, tasks)
        NaN for not measured; two NaN agree, NaN and a number do not contradict each other.

    Returns
    -------
    OneRowEach
        ``(rows, conflicting)``; a molecule with gaps is represented by its first row, gaps and all.
    """
    number = np.unique(np.asarray(names, str), return_inverse=True)[1]
    labels = np.asarray(labels, float)
    low, high = (np.full((number.max(initial=-1) + 1, labels.shape[1]), value) for value in (np.inf, -np.inf))
    np.fmin.at(low, number, labels)
    np.fmax.at(high, number, labels)
    conflict = (low < high).any(axis=1)[number]
    first = np.unique(number, return_index=True)[1]
    return OneRowEach(np.sort(first[~conflict[first]]), np.flatnonzero(conflict))
