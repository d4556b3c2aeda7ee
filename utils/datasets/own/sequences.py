"""Your own DNA or RNA: a table with a sequence and a label in each row and, where rows belong together, a group; or
FASTA."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.datasets.own import fasta, reading
from utils.datasets.own.entries import entry
from utils.datasets.own.labels import classes
from utils.datasets.own.numbers import IDS, PERHAPS_IDS
from utils.datasets.own.tables import GROUP, LABEL, SEQUENCE, Sheet, Table
from utils.datasets.splits import numbered
from utils.datasets.types import Sequences

LONGEST = 10_000  # letters
LETTERS = "ACGTRYSWKMBDHVN"  # the four, and the IUPAC codes for "one of these" (doi:10.1093/nar/13.9.3021)
OTHER = re.compile(f"[^{LETTERS}]")


def sequences(path: Path, **options: str) -> Sequences:
    """Stretches of DNA or RNA, any lengths up to 10,000 letters, each with the name or number of its class.

    Small letters become capitals and U becomes T. Classes are in the order of their numbers, or of the alphabet.
    groups: the same for identical letters; with a column ``group``, for the same value there too. Options: sequence,
    label, group and id, the names of columns. FASTA has no columns: its headers hold the label, and the group.
    """
    if reading.is_folder(path) and (files := fasta.files_of(path)):
        return of_files(files, path, **options) if len(files) > 1 else sequences(files[0], **options)
    if fasta.is_fasta(path):
        fasta.refuse_columns(path, options)
        table, notes = fasta.table(path, LONGEST)
        labels, class_names = classes(table)
        return _of_tables(path, [table], labels, class_names, notes)
    sheet = Sheet(path)
    sheet.choose(**options)
    sheet.find("sequence", SEQUENCE)
    sheet.find("group", GROUP, required=False)
    table = _with_labels(sheet)
    letters = _letters(table)
    labels, class_names = classes(table)
    groups = numbered(letters)
    if "group" in table.words:
        groups = joined(groups, table.filled("group"))
    own = entry(path, "sequences", "classification", class_names, sheet.notes)
    return Sequences(own, letters, labels, class_names, groups)


def of_files(files: Sequence[Path], named: Path | None = None, **options: str) -> Sequences:
    """Two files of FASTA or more: each holds one class, which is called as the file is."""
    for path in files:
        if not fasta.is_fasta(path):
            problem = "expected one file of sequences, or a file of FASTA for each class, found two paths."
            raise reading.refusal(path, "", problem)
        fasta.refuse_columns(path, options)
    if len({path.resolve() for path in files}) < len(files):
        raise reading.refusal(files[0], "", "expected different files, each of them a class, found it twice.")
    names = fasta.class_names(files)
    tables = [fasta.of_class(path, name, LONGEST) for path, name in zip(files, names, strict=True)]
    labels = np.repeat(np.arange(len(files)), [len(table.lines) for table in tables])
    notes = [f"each file is a class: {reading.listed(names)}"]
    if any("group" in table.words for table in tables) and not all("group" in table.words for table in tables):
        notes.append("left out, since not every header has one: group=…")
    named = named or files[0].with_name(", ".join(path.name for path in files))
    return _of_tables(named, tables, labels, tuple(names), notes)


def _of_tables(
    path: Path, tables: list[Table], labels: np.ndarray, class_names: tuple[str, ...], notes: list[str]
) -> Sequences:
    letters = np.concatenate([_letters(table) for table in tables])
    groups = numbered(letters)
    if all("group" in table.words for table in tables):
        groups = joined(groups, np.concatenate([table.words["group"] for table in tables]))
        notes.append("splits keep stretches whose headers state the same group together")
    own = entry(path, "sequences", "classification", class_names, notes)
    return Sequences(own, letters, labels.astype(np.int64), class_names, groups)


def _with_labels(sheet: Sheet) -> Table:
    """The table with a column ``label``: the named one, or the only one whose values many rows share."""
    rest = sheet.rest()
    known = [place for place in rest if reading.plain(sheet.names[place]) in ("label", *LABEL)]
    if "label" in sheet.roles or known or not rest:
        sheet.find("label", LABEL)
        sheet.left_out(sheet.rest(), "not needed")
        return sheet.read(("sequence", "label", "group"))
    roles = {f"column {place}": place for place in rest}
    sheet.roles |= roles
    table = sheet.read(("sequence", "group", *roles))
    for role in roles:
        del sheet.roles[role]
    shared = [role for role in roles if _may_be_classes(sheet.names[roles[role]], table.words[role])]
    if len(shared) != 1:
        found = reading.listed([sheet.names[roles[role]] for role in shared], 4) if shared else sheet.layout.there()
        raise sheet.refuse(f"expected a column label, found {found}; name it with --label.")
    place = roles[shared[0]]
    sheet.roles["label"] = place
    sheet.notes.append(f"the column {reading.brief(sheet.names[place], 24)} was read as label")
    sheet.left_out(sheet.rest(), "not needed")
    words = {role: table.words[role] for role in ("sequence", "group") if role in table.words}
    words["label"] = table.words[shared[0]]
    return Table(table.path, words, {}, table.lines, table.names | {"label": sheet.names[place]})


def _may_be_classes(name: str, values: np.ndarray) -> bool:
    last = reading.plain(name).rsplit("_", 1)[-1]
    different = len(set(values.tolist()))
    return (
        2 <= different <= max(len(values) / 3, 2)
        and last not in IDS
        and not (last in PERHAPS_IDS and different == len(values))
    )


def _letters(table: Table) -> np.ndarray:
    letters = table.words["sequence"]
    for row, sequence in enumerate(letters):
        letters[row] = sequence = sequence.upper().replace("U", "T")
        other = OTHER.search(sequence)
        if other:
            raise table.refuse(
                row,
                "sequence",
                f"expected A, C, G, T (or U) and the IUPAC codes {LETTERS[4:]}, "
                f"found {reading.brief(other.group())!r} at letter {other.start() + 1}.",
            )
        if not 1 <= len(sequence) <= LONGEST:
            raise table.refuse(row, "sequence", f"expected 1 to {LONGEST:,} letters, found {len(sequence):,}.")
    return letters


def joined(identical: np.ndarray, stated: np.ndarray) -> np.ndarray:
    """One number for all rows that hang together, because they are identical or by the same stated group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    stated = numbered(stated) + identical.max() + 1
    size = int(stated.max()) + 1
    links = coo_array((np.ones(len(stated)), (identical, stated)), shape=(size, size))
    return connected_components(links, directed=False)[1][identical].astype(np.int64)
