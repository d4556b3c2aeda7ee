"""Real medical data by name: ``datasets.load("nuclei")`` gives arrays with labels, groups and the catalogue's entry."""

from utils.datasets import splits
from utils.datasets.catalogue import Entry, catalogue
from utils.datasets.images import tissue_field
from utils.datasets.loaders import load
from utils.datasets.splits import Split
from utils.datasets.types import Images, Molecules, Records, Sequences, Signals, TissueField

__all__ = [
    "Entry",
    "Images",
    "Molecules",
    "Records",
    "Sequences",
    "Signals",
    "Split",
    "TissueField",
    "catalogue",
    "load",
    "splits",
    "tissue_field",
]
