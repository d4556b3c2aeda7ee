"""Real medical data by name: ``datasets.load("nuclei")`` gives arrays with labels, groups and the catalogue's entry."""

from utils.datasets import splits
from utils.datasets.catalogue import Entry, catalogue
from utils.datasets.images import tissue_field
from utils.datasets.loaders import load
from utils.datasets.splits import Split
from utils.datasets.types import DicomFiles, Images, Molecules, Records, Scans, Sequences, Signals, TissueField
from utils.datasets.volumes.volume import Volume
from utils.datasets.weights import Weights

__all__ = [
    "DicomFiles",
    "Entry",
    "Images",
    "Molecules",
    "Records",
    "Scans",
    "Sequences",
    "Signals",
    "Split",
    "TissueField",
    "Volume",
    "Weights",
    "catalogue",
    "load",
    "splits",
    "tissue_field",
]
