"""Molecules in an SDF: structures with properties. It is read as a table of which each record is a row.

The structure becomes a SMILES, without coordinates; a property becomes a column. RDKit reads the structures.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from utils.datasets.own import reading
from utils.datasets.own.layout import Layout
from utils.errors import CourseError

SUFFIXES = (".sdf", ".sd", ".sdf.gz")
STRUCTURE = "(structure)"  # the name of the column that the structures become
PROPERTY = re.compile(r">.*?<(.+?)>")  # > <NAME> (record number)
END = "$$$$"
LONGEST = 100_000  # lines of a record


class Records(Layout):
    """The layout of an SDF: ``names`` are the structure and all properties, in the order of their appearance."""

    def there(self) -> str:
        return reading.listed(self.names[1:]) if len(self.names) > 1 else "no properties"

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line of its first line, fields) of each record; a property that it lacks is an empty field."""
        for number, (line, record) in enumerate(_records(self.path), start=1):
            found = _properties(record)
            yield line, [_smiles(record, number), *(found.get(name, "") for name in self.names[1:])]


def is_sdf(path: Path) -> bool:
    """Whether the name of a file ends as that of an SDF does."""
    return path.name.lower().endswith(SUFFIXES)


def detect(path: Path) -> Records:
    """Look at an SDF: which properties it has. Refuses a file that is not an SDF."""
    reading.present(path, SUFFIXES)
    names, structures = {}, 0
    for line, record in _records(path):
        structures += any(text.startswith("M  END") for text in record)
        if not structures:
            problem = "expected a structure that ends with M  END, as an SDF has it, found none in the first record."
            raise reading.refusal(path, f"line {line}", problem)
        for name in _properties(record):
            same = names.setdefault(name.casefold(), name)
            if same != name:
                problem = f"expected one way to write each property, found {same} before and {name} here."
                raise reading.refusal(path, f"line {line}", problem)
    if not structures:
        raise reading.refusal(path, "", "expected structures that end with $$$$, found only empty lines.")
    if not names:
        raise reading.refusal(
            path, "", "expected a property to predict, as in > <active>, found structures alone; add it to each record."
        )
    notes = ("each structure was read as a SMILES, without its coordinates",)
    return Records(path, "utf-8", "", 0, (STRUCTURE, *names.values()), False, notes)


def refuse_structure(path: Path, option: str) -> CourseError:
    """The error for an option that names the column of the structures, which an SDF has anyway."""
    return reading.refusal(path, "", f"expected no option --{option}, since an SDF holds structures; leave it out.")


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) of each record that is not empty."""
    line, start, record, unpacked = 0, 1, [], 0
    packed = path.name.lower().endswith(".gz")
    try:
        # Bytes that are not UTF-8 stand in names only, which are not used.
        options = {"encoding": "utf-8-sig", "errors": "replace"}
        with gzip.open(path, "rt", **options) if packed else path.open(**options) as stream:
            while text := stream.readline(reading.WIDEST):
                line += 1
                unpacked += len(text)
                if unpacked > reading.LIMIT or len(record) > LONGEST:
                    size = f"{reading.LIMIT / 1e9:g} GB and {LONGEST:,} lines per record at the most"
                    raise reading.refusal(path, f"line {line}", f"expected {size}, found more.")
                if text.startswith(END):
                    if any(map(str.strip, record)):
                        yield start, record
                    start, record = line + 1, []
                else:
                    record.append(text.rstrip("\r\n"))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise reading.refusal(path, "", "the packed file is damaged or cut short; pack it again.") from error
    except OSError as error:
        raise reading.unreadable(path, error) from error
    if any(map(str.strip, record)):
        if not any(text.startswith("M  END") for text in record):
            problem = "expected M  END and $$$$ after the structure that begins here, found the end of the file."
            raise reading.refusal(path, f"line {start}", problem)
        yield start, record


def _properties(record: list[str]) -> dict[str, str]:
    """Property → the first line of what it holds."""
    found = {}
    for place, text in enumerate(record[:-1]):
        match = PROPERTY.match(text)
        if match and match[1].strip():
            found.setdefault(match[1].strip(), record[place + 1].strip())
    return found


def _smiles(record: list[str], number: int) -> str:
    """The structure as SMILES; for what RDKit cannot read, a text that no SMILES is."""
    from rdkit import Chem, rdBase

    end = next((place for place, text in enumerate(record) if text.startswith("M  END")), None)
    with rdBase.BlockLogs():
        molecule = None if end is None else Chem.MolFromMolBlock("\n".join(record[: end + 1]))
    return f"record_{number}" if molecule is None else Chem.MolToSmiles(molecule)
