"""Scans: reading DICOM beside pydicom, a window that slides beside the bare network, and memory for two gigabytes.

200 slices of 512 x 512, read into a volume, against pydicom's reading and decoding of the same files; a network of
3 x 3 x 3 convolutions over a chest in patches, against the same network on the same patches, ready in memory; and a
packed volume of two gigabytes, read and cut into patches. In turns, and the fastest of each, since other work only ever
adds time.
"""

import argparse
import gzip
import os
import platform
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from measure import against

sys.path.insert(0, str(Path(__file__).parents[1]))

SLICES, SIDE = {"uncompressed": 200, "JPEG 2000": 40}, 512  # JPEG 2000 takes 25 ms per slice
MOST_READING = 1.5  # times pydicom
MOST_SLIDING = 1.2  # times the bare network
MOST_MEGABYTES = 2000  # of the process, as for a chapter
PATCH, OVERLAP, HALO, BATCH = (24, 96, 96), 0.25, 4, 2


def seconds(work):
    """Wall time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fastest(repeats, *works):
    """The shortest time of each, taken in turns after one turn that does not count."""
    times = [[seconds(work) for work in works] for _ in range(repeats + 1)][1:]
    return [min(column) for column in zip(*times, strict=True)]


def series(folder, form):
    """A CT series on the disk: the course's one small slice with larger pixels, uncompressed or as JPEG 2000."""
    import numpy as np
    import pydicom
    from pydicom.uid import JPEG2000Lossless, generate_uid

    from utils import datasets

    whole = datasets.load("scans").volume("lung2").voxels
    header = pydicom.dcmread(datasets.load("dicom_folder").files["ct_small.dcm"])
    header.Rows = header.Columns = SIDE
    header.SeriesInstanceUID, header.ImageOrientationPatient = generate_uid(), [1, 0, 0, 0, 1, 0]
    count = SLICES[form]
    for number in range(count):
        picture = np.resize(np.repeat(np.repeat(whole[number % len(whole)], 2, 0), 2, 1), (SIDE, SIDE)) + 1024
        header.PixelData = picture.astype("<i2").tobytes()
        header.SOPInstanceUID, header.ImagePositionPatient = generate_uid(), [0, 0, 2.5 * number]
        if form == "JPEG 2000":
            header.compress(JPEG2000Lossless)
        header.save_as(folder / f"{(number * 77) % count:03d}.dcm")
        header.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"


def reading(repeats, form):
    """Seconds for pydicom, and for a volume."""
    import pydicom

    from utils.datasets.volumes import read_scan

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        series(folder, form)
        files = sorted(folder.iterdir())
        assert read_scan(folder).shape == (SLICES[form], SIDE, SIDE)
        return fastest(
            repeats, lambda: [pydicom.dcmread(file).pixel_array for file in files], lambda: read_scan(folder)
        )


def sliding(repeats):
    """Seconds for the bare network on all patches, for the window, and for the network on the whole volume at once."""
    import keras
    import numpy as np

    from utils import datasets, nn
    from utils.features.scans import window
    from utils.features.scans_patches import corners, patches, slide

    nn.start("quick", 0)
    voxels = window(datasets.load("scans").volume("lung1").voxels, -600, 1500)
    layers = [keras.layers.Conv3D(8, 3, padding="same", activation="relu") for _ in range(3)]
    network = keras.Sequential(
        [keras.layers.Input((None, None, None, 1)), *layers, keras.layers.Conv3D(1, 3, padding="same")]
    )
    step = np.floor((np.array(PATCH) - 2 * HALO) * (1 - OVERLAP)).astype(int)
    ready = patches(voxels, corners(voxels.shape, PATCH, step), PATCH)[..., np.newaxis]

    def bare():
        for first in range(0, len(ready), BATCH):
            nn.predict(network, ready[first : first + BATCH], BATCH)

    def window_over():
        return slide(lambda batch: nn.predict(network, batch, BATCH), voxels, PATCH, OVERLAP, HALO, batch=BATCH)

    whole = nn.predict(network, voxels[np.newaxis, ..., np.newaxis])[0]
    off = np.abs(window_over() - whole).max()
    print(f"  {len(ready)} patches of {PATCH}; largest difference from the whole volume {off:.1e}")
    return *fastest(repeats, bare, window_over), seconds(
        lambda: nn.predict(network, voxels[np.newaxis, ..., np.newaxis])
    )


def two_gigabytes():
    """Read 2 GB of voxels from a packed file, and take patches of it."""
    import nibabel
    import numpy as np

    from utils.datasets.volumes import read_scan
    from utils.features.scans_patches import corners, patches

    shape = (1024, 1024, 1000)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "large.nii.gz"
        header = nibabel.Nifti1Image(np.zeros((1, 1, 1), np.int16), np.eye(4)).header
        header.set_data_shape(shape)
        header["sform_code"], header["magic"], header["vox_offset"] = 1, b"n+1", 352
        with gzip.open(path, "wb", compresslevel=1) as stream:
            stream.write(header.binaryblock + bytes(4))
            picture = bytes(shape[0] * shape[1] * 2)
            for _ in range(shape[2]):
                stream.write(picture)
        took = time.perf_counter()
        volume = read_scan(path)
        at = corners(volume.shape, (64, 128, 128), (500, 400, 400))
        assert patches(volume.voxels, at, (64, 128, 128)).shape == (len(at), 64, 128, 128)
        return time.perf_counter() - took, volume.voxels.nbytes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns, of which the fastest counts (5)")
    chosen = parser.parse_args()
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores")
    took, size = two_gigabytes()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(f"  a packed volume of {size / 1e9:.1f} GB was read in {took:.0f} s")
    kept = [against("memory for two gigabytes", peak, MOST_MEGABYTES, "MB")]
    for form in ("uncompressed", "JPEG 2000"):
        turns = 3 * chosen.repeats if form == "uncompressed" else chosen.repeats  # a turn is short
        plain, volume = reading(turns, form)
        print(f"  {SLICES[form]} slices, {form}: pydicom {plain:.2f} s, a volume {volume:.2f} s")
        kept.append(against(f"reading, {form}", volume / plain, MOST_READING, ""))
    bare, window_over, whole = sliding(chosen.repeats)
    print(f"  the bare network {bare:.2f} s, the window {window_over:.2f} s, all at once {whole:.2f} s")
    kept.append(against("sliding window", window_over / bare, MOST_SLIDING, ""))
    sys.exit(not all(kept))
