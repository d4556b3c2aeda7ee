"""Exercises of chapter 08: right answers that look unlike the reference pass; what a person may get wrong does not."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from utils.exercises import core


def grey_by_interpolation(raw, slope, intercept, center, width):
    levels = [center - width / 2, center + width / 2]
    return np.interp(np.asarray(raw, float) * slope + intercept, levels, [0, 1])


def grey_in_single_precision(raw, slope, intercept, center, width):
    hounsfield = raw.astype(np.float32) * np.float32(slope) + np.float32(intercept)
    return np.minimum(np.maximum((hounsfield - center) / width + 0.5, 0), 1)


def grey_by_cases(raw, slope, intercept, center, width):
    hounsfield = raw.astype("int64") * slope + intercept
    low = center - width / 2
    return np.select([hounsfield < low, hounsfield > low + width], [0.0, 1.0], (hounsfield - low) / width)


def grey_by_masks(raw, slope, intercept, center, width):
    grey = (raw * float(slope) + intercept - center + width / 2) / width
    grey[grey < 0], grey[grey > 1] = 0, 1
    return grey


def grey_number_by_number(raw, slope, intercept, center, width):
    low = center - width / 2
    greys = [min(max((slope * int(number) + intercept - low) / width, 0), 1) for number in raw.ravel()]
    return np.array(greys).reshape(raw.shape)


def order_by_python(positions, orientation):
    (a, b, c), (d, e, f) = orientation[:3], orientation[3:]
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    along = [sum(x * n for x, n in zip(position, normal, strict=True)) for position in positions]
    order = sorted(range(len(along)), key=along.__getitem__)
    if any(along[after] - along[before] < 0.01 for before, after in zip(order, order[1:], strict=False)):
        raise Exception("doubled")
    return order


def order_by_pairs(positions, orientation):
    row, column = np.reshape(orientation, (2, 3))
    along = np.einsum("nd,d->n", positions, np.cross(row, column))
    gaps = np.abs(along[:, None] - along) + np.eye(len(along))
    assert gaps.min() >= 0.01
    return np.lexsort([along])


def order_relative_to_the_first(positions, orientation):
    normal = np.cross(orientation[:3], orientation[3:6])
    along = np.dot(positions - positions[0], normal / np.linalg.norm(normal))
    if (np.diff(np.sort(along)) < 0.01).any():
        raise ValueError("twice")
    return along.argsort(kind="mergesort").tolist()


def order_by_a_table(positions, orientation):
    import pandas as pd

    along = pd.Series(positions @ np.cross(orientation[:3], orientation[3:])).sort_values()
    if along.diff().min() < 0.01:
        raise ValueError("The folder holds a slice twice.")
    return along.index.to_numpy()


def order_by_a_heap(positions, orientation):
    import heapq

    heap = [(float(position @ np.cross(orientation[:3], orientation[3:])), n) for n, position in enumerate(positions)]
    heapq.heapify(heap)
    found = [heapq.heappop(heap) for _ in range(len(heap))]
    for (one, _), (other, _) in zip(found, found[1:], strict=False):
        if other - one < 0.01:
            raise ValueError
    return tuple(n for _, n in found)


def place_by_homogeneous(voxels, affine, other):
    ones = np.hstack([voxels, np.ones((len(voxels), 1))])
    return (np.linalg.inv(other) @ affine @ ones.T).T[:, :3]


def place_one_by_one(voxels, affine, other):
    return [np.linalg.solve(other, affine @ [*voxel, 1])[:3] for voxel in voxels]


def place_by_einsum(voxels, affine, other):
    way = np.linalg.inv(other) @ affine
    return np.einsum("ij,nj->ni", way[:3, :3], voxels) + way[:3, 3]


def place_by_least_squares(voxels, affine, other):
    millimetres = voxels @ affine[:3, :3].T + affine[:3, 3] - other[:3, 3]
    return np.linalg.lstsq(other[:3, :3], millimetres.T, rcond=None)[0].T


def place_by_nibabel(voxels, affine, other):
    from nibabel.affines import apply_affine

    return apply_affine(np.linalg.inv(other), apply_affine(affine, voxels))


def header_by_comprehension(header, keep, pseudonyms):
    def safe(keyword, value):
        if keyword in pseudonyms:
            return value and pseudonyms[keyword](value)
        return [header_by_comprehension(one, keep, pseudonyms) for one in value] if type(value) is list else value

    return {keyword: safe(keyword, header[keyword]) for keyword in header if keyword in keep | set(pseudonyms)}


def header_by_deletion_from_a_copy(header, keep, pseudonyms):
    import copy

    found = copy.deepcopy(header)
    for keyword in list(found):
        if keyword in pseudonyms:
            if found[keyword] != "":
                found[keyword] = pseudonyms[keyword](found[keyword])
        elif keyword not in keep:
            del found[keyword]
        elif isinstance(found[keyword], list):
            found[keyword] = [header_by_deletion_from_a_copy(one, keep, pseudonyms) for one in found[keyword]]
    return found


def header_with_a_stack(header, keep, pseudonyms):
    result = {}
    stack = [(header, result)]
    while stack:
        source, target = stack.pop()
        for keyword in source.keys() & (keep | pseudonyms.keys()):
            value = source[keyword]
            if keyword in pseudonyms:
                target[keyword] = pseudonyms[keyword](value) if value != "" else ""
            elif isinstance(value, list):
                target[keyword] = [{} for _ in value]
                stack += zip(value, target[keyword], strict=True)
            else:
                target[keyword] = value
    return result


def header_in_two_parts(header, keep, pseudonyms):
    kept = {k: v for k, v in header.items() if k in keep and k not in pseudonyms}
    for keyword, value in kept.items():
        if isinstance(value, list):
            kept[keyword] = list(map(lambda item: header_in_two_parts(item, keep, pseudonyms), value))
    new = {k: function(header[k]) if header[k] else header[k] for k, function in pseudonyms.items() if k in header}
    return {**kept, **new}


def header_by_update(header, keep, pseudonyms):
    found = {}
    for keyword in sorted(header):
        if keyword in keep:
            value = header[keyword]
            found[keyword] = value
            if hasattr(value, "append"):
                found[keyword] = [header_by_update(item, keep, pseudonyms) for item in value]
        if keyword in pseudonyms:
            found.update({keyword: pseudonyms[keyword](header[keyword]) if header[keyword] else ""})
    return found


def edge(mask):
    """The surface by its six neighbours, with a rim of nothing around."""
    around = np.pad(mask, 1)
    inside = around.copy()
    for axis in range(3):
        for step in (1, -1):
            inside &= np.roll(around, step, axis)
    return (around & ~inside)[1:-1, 1:-1, 1:-1]


def surface_by_trees(mask, other, spacing):
    if not (mask.any() and other.any()):
        raise ValueError("empty")
    one, two = (np.argwhere(edge(part)) * np.array(spacing) for part in (mask, other))
    distances = np.concatenate([cKDTree(two).query(one)[0], cKDTree(one).query(two)[0]])
    return float(distances.mean()), float(distances.max())


def surface_by_all_pairs(mask, other, spacing):
    assert mask.sum() > 0
    assert other.sum() > 0
    one, two = (np.argwhere(edge(part)) * np.array(spacing) for part in (mask, other))
    table = np.linalg.norm(one[:, None] - two, axis=-1)
    there, back = table.min(axis=1), table.min(axis=0)
    return [(there.sum() + back.sum()) / (len(there) + len(back)), max(there.max(), back.max())]


def surface_with_a_structure(mask, other, spacing):
    if mask.max() == 0 or other.max() == 0:
        raise ValueError("There is no surface.")
    structure = ndimage.generate_binary_structure(3, 1)
    found = []
    for begin, end in [(mask, other), (other, mask)]:
        rims = [np.logical_xor(part, ndimage.binary_erosion(part, structure)) for part in (begin, end)]
        found.extend(ndimage.distance_transform_edt(np.logical_not(rims[1]), sampling=spacing)[rims[0]])
    return np.array([np.mean(found), np.max(found)])


def surface_by_minimum_filter(mask, other, spacing):
    if not mask.any() or not other.any():
        raise ValueError
    cross = ndimage.generate_binary_structure(3, 1)

    def rim(part):
        eroded = ndimage.minimum_filter(part.astype(int), footprint=cross, mode="constant", cval=0)
        return part.astype(bool) & (eroded == 0)

    one, two = rim(mask), rim(other)
    to_one, to_two = (ndimage.distance_transform_edt(1 - part, sampling=spacing) for part in (one, two))
    distances = np.r_[to_two[one], to_one[two]]
    return np.average(distances), np.amax(distances)


def surface_with_convolution(mask, other, spacing):
    if mask.sum() * other.sum() == 0:
        raise Exception("nothing there")
    kernel = ndimage.generate_binary_structure(3, 1).astype(int)
    rims = [part & (ndimage.convolve(part.astype(int), kernel, mode="constant") < 7) for part in (mask, other)]
    points = [np.argwhere(rim) * spacing for rim in rims]
    both = np.concatenate([cKDTree(points[1]).query(points[0])[0], cKDTree(points[0]).query(points[1])[0]])
    return both.mean(), both.max()


RIGHT = {
    "8.1": [grey_by_interpolation, grey_in_single_precision, grey_by_cases, grey_by_masks, grey_number_by_number],
    "8.2": [order_by_python, order_by_pairs, order_relative_to_the_first, order_by_a_table, order_by_a_heap],
    "8.3": [place_by_homogeneous, place_one_by_one, place_by_einsum, place_by_least_squares, place_by_nibabel],
    "8.4": [
        header_by_comprehension,
        header_by_deletion_from_a_copy,
        header_with_a_stack,
        header_in_two_parts,
        header_by_update,
    ],
    "8.5": [
        surface_by_trees,
        surface_by_all_pairs,
        surface_with_a_structure,
        surface_by_minimum_filter,
        surface_with_convolution,
    ],
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("identifier", "answer"), [(identifier, answer) for identifier, answers in RIGHT.items() for answer in answers]
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def grey_that_changes_the_file(raw, slope, intercept, center, width):
    raw -= 1
    return core.get("8.1")(raw + 1, slope, intercept, center, width)


def grey_as_the_standard_of_dicom(raw, slope, intercept, center, width):
    hounsfield = slope * raw.astype(float) + intercept
    return np.clip((hounsfield - (center - 0.5)) / (width - 1) + 0.5, 0, 1)


def grey_of_the_mean(raw, slope, intercept, center, width):
    return core.get("8.1")(raw, slope, intercept, center, width).mean()


def grey_in_whole_steps(raw, slope, intercept, center, width):
    return (core.get("8.1")(raw, slope, intercept, center, width) * 255).astype("uint8") / 255


def order_that_counts_what_is_there(positions, orientation):
    order = core.get("8.2")(positions, orientation)
    return np.unique(order)


def order_that_refuses_all_that_is_near(positions, orientation):
    along = positions @ np.cross(orientation[:3], orientation[3:])
    if (np.diff(np.sort(along)) < 0.5).any():
        raise ValueError
    return np.argsort(along)


def order_without_the_doubled(positions, orientation):
    along = positions @ np.cross(orientation[:3], orientation[3:])
    order = np.argsort(along)
    return order[np.append(True, np.diff(along[order]) > 0.01)]


def place_of_axes_turned_round(voxels, affine, other):
    return core.get("8.3")(voxels[:, ::-1], affine, other)[:, ::-1]


def place_in_whole_voxels(voxels, affine, other):
    return core.get("8.3")(voxels, affine, other).astype(int)


def header_that_knows_its_fields(header, keep, pseudonyms):
    return {key: value for key, value in header.items() if key in ("Modality", "PixelSpacing", "SliceThickness")}


def header_that_forgets_to_return(header, keep, pseudonyms):
    {key: value for key, value in header.items() if key in keep}


def header_in_a_list(header, keep, pseudonyms):
    return list(core.get("8.4")(header, keep, pseudonyms).items())


def header_that_empties_the_sequence(header, keep, pseudonyms):
    found = core.get("8.4")(header, keep, pseudonyms)
    return {key: [{} for _ in value] if isinstance(value, list) else value for key, value in found.items()}


def surface_of_centres(mask, other, spacing):
    if not mask.any() or not other.any():
        raise ValueError
    one, two = (np.argwhere(part).mean(axis=0) * spacing for part in (mask, other))
    return np.linalg.norm(one - two), np.linalg.norm(one - two)


def surface_at_the_95th_percentile(mask, other, spacing):
    if not mask.any() or not other.any():
        raise ValueError
    one, two = (np.argwhere(edge(part)) * np.array(spacing) for part in (mask, other))
    distances = np.concatenate([cKDTree(two).query(one)[0], cKDTree(one).query(two)[0]])
    return distances.mean(), np.percentile(distances, 95)


def surface_that_gives_one_number(mask, other, spacing):
    return core.get("8.5")(mask, other, spacing)[0]


@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("8.1", grey_that_changes_the_file, "your code changed raw itself"),
        ("8.1", grey_as_the_standard_of_dicom, "where 0."),
        ("8.1", grey_of_the_mean, "a single number where an array of shape"),
        ("8.1", grey_in_whole_steps, "grey rises from 0 to 1 over the width"),
        ("8.2", order_that_counts_what_is_there, "that in which the slices came"),
        ("8.2", order_that_refuses_all_that_is_near, "ValueError"),
        ("8.2", order_without_the_doubled, "raise ValueError"),
        ("8.3", place_of_axes_turned_round, "by the inverse of other"),
        ("8.3", place_in_whole_voxels, "expected"),
        ("8.4", header_that_knows_its_fields, "PatientID is missing"),
        ("8.4", header_that_forgets_to_return, "None"),
        ("8.4", header_in_a_list, "return a dictionary"),
        ("8.4", header_that_empties_the_sequence, "ReferencedSeriesSequence"),
        ("8.5", surface_of_centres, "surfaces"),
        ("8.5", surface_at_the_95th_percentile, "the largest of the distances in both directions"),
        ("8.5", surface_that_gives_one_number, "(average, largest)"),
    ],
)
def test_a_mistake_is_refused_in_helpful_words(identifier, answer, words):
    status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert words in message
