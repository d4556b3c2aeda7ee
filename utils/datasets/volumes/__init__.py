"""What a scanner wrote, as one volume: DICOM files and folders of slices, NIfTI and NRRD.

``read_scan(path)`` reads any of them. A folder with several DICOM series is listed by ``series_in(folder)``, and one
of them read by ``read_scan(folder, series=number)`` or ``read_series``. ``read_mask`` brings the mask beside it, on the
same grid or not at all. Every error is a CourseError of one sentence: which file, what was expected, what was found.
"""

from utils.datasets.volumes.headers import personal
from utils.datasets.volumes.reading import SUFFIXES, is_scan, read_mask, read_scan
from utils.datasets.volumes.series import Series, read_series, series_in
from utils.datasets.volumes.volume import Volume

__all__ = ["SUFFIXES", "Series", "Volume", "is_scan", "personal", "read_mask", "read_scan", "read_series", "series_in"]
