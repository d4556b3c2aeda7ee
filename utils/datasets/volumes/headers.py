"""What in a header identifies a person."""

from collections.abc import Mapping


def personal(header: Mapping) -> tuple[str, ...]:
    """Names of the fields of a header that identify a person and hold something; never what they hold.

    header: a ``pydicom.Dataset``, or a mapping from DICOM keywords (or NRRD/NIfTI fields) to values. Sequences are
    looked into. Private fields, whose meaning only the maker of the scanner knows, are named "private (gggg,eeee)".
    """
    raise NotImplementedError
