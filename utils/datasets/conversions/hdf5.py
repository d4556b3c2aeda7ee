"""The arrays in a file of Keras before version 3: as much of HDF5 as such a file uses, and nothing in it is run."""

import struct
from collections.abc import Iterator

import numpy as np

from utils.errors import CourseError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
ROOT = 24 + 4 * 8  # where the first block of version 0, with addresses of 8 bytes, describes the outermost group
SPACE, TYPE, LAYOUT, CONTINUED, GROUP = 0x01, 0x03, 0x08, 0x10, 0x11  # the messages that are read
FLOAT32 = bytes([0x11, 0x20, 0x1F, 0x00, 4, 0, 0, 0])  # how HDF5 describes little-endian 32-bit numbers


def arrays(content: bytes) -> dict[str, np.ndarray]:
    """All arrays of 32-bit numbers in one piece, by their path; others are passed over.

    Raises CourseError for another version of the format.

    References
    ----------
    HDF5 File Format Specification, version 1.1: https://docs.hdfgroup.org/hdf5/develop/_s_p_e_c.html
    """
    if content[:9] != SIGNATURE + b"\0" or content[13:15] != b"\x08\x08":
        raise CourseError("The weights are not in the HDF5 format of Keras 2; is it the package of the catalogue?")
    (header,) = struct.unpack_from("<Q", content, ROOT + 8)
    return dict(_below(content, header, ""))


def _below(content: bytes, header: int, path: str) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of the object whose header stands here: of a group those of its members, else its own, if any."""
    messages = dict(_messages(content, header))
    if GROUP in messages:
        tree, heap = struct.unpack_from("<QQ", messages[GROUP])
        for name, member in _members(content, tree, heap):
            yield from _below(content, member, f"{path}/{name}" if path else name)
    elif messages.get(TYPE, b"")[:8] == FLOAT32 and messages[LAYOUT][:2] == b"\x03\x01":
        version, axes = messages[SPACE][:2]
        shape = struct.unpack_from(f"<{axes}Q", messages[SPACE], 8 if version == 1 else 4)
        start, size = struct.unpack_from("<QQ", messages[LAYOUT], 2)
        yield path, np.frombuffer(content[start : start + size], "<f4").reshape(shape)


def _messages(content: bytes, header: int) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each message in an object's header, continuations included."""
    (size,) = struct.unpack_from("<I", content, header + 8)
    blocks = [(header + 16, size)]
    for start, length in blocks:
        place = start
        while place + 8 <= start + length:
            kind, size = struct.unpack_from("<HH", content, place)
            message = content[place + 8 : place + 8 + size]
            if kind == CONTINUED:
                blocks.append(struct.unpack_from("<QQ", message))
            yield kind, message
            place += 8 + size


def _members(content: bytes, tree: int, heap: int) -> Iterator[tuple[str, int]]:
    """Name and header of each member of a group, from its tree of symbol tables and the heap of its names."""
    (names,) = struct.unpack_from("<Q", content, heap + 24)
    level, count = struct.unpack_from("<xBH", content, tree + 4)
    for number in range(count):
        (node,) = struct.unpack_from("<Q", content, tree + 32 + 16 * number)
        if level:
            yield from _members(content, node, heap)
            continue
        (entries,) = struct.unpack_from("<H", content, node + 6)
        for entry in range(entries):
            name, header = struct.unpack_from("<QQ", content, node + 8 + 40 * entry)
            start = names + name
            yield content[start : content.index(b"\0", start)].decode(), header
