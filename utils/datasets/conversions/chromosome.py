"""Human chromosome 19: its bases, and the splice sites and genes that Ensembl has annotated on it."""

import gzip
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pandas as pd

from utils.datasets.conversions.encoding import csv, npy
from utils.errors import CourseError

INSIDE = "intronic-3.0.0/src/intronIC/data/test_data/Homo_sapiens.Chr19.Ensembl_91"
GENES = ("gene", "ncRNA_gene", "pseudogene")


def convert(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """letters.npy: uint8 (58,617,616,), 0-3 for A, C, G, T, 4 for unknown; sites.csv; genes.csv.

    A place is a cut between two bases: the number of bases before it on the forward strand.
    """
    sites, genes = annotation(gzip.decompress(read(f"{INSIDE}.gff3.gz")).decode())
    return {
        "splice_chr19/letters.npy": npy(letters(gzip.decompress(read(f"{INSIDE}.fa.gz")))),
        "splice_chr19/sites.csv": csv(sites),
        "splice_chr19/genes.csv": csv(genes),
    }


def letters(fasta: bytes) -> np.ndarray:
    """The one sequence of a FASTA file as uint8: 0-3 for A, C, G, T in either case, 4 for anything else."""
    head, _, body = fasta.partition(b"\n")
    if not head.startswith(b">") or b">" in body:
        raise CourseError("The FASTA file does not hold one sequence; is it the package of the catalogue?")
    code = np.full(256, 4, np.uint8)
    for number, letter in enumerate("ACGT"):
        code[[ord(letter), ord(letter.lower())]] = number
    return code[np.frombuffer(body.translate(None, b"\r\n"), np.uint8)]


def annotation(gff: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splice sites (kind, strand, cut) and genes (start, end, strand) of a GFF3 file, each once, in order.

    An intron is what lies between two neighbouring exons of one transcript. Read along its strand it begins at the
    donor and ends at the acceptor; start and end of a gene are cuts too, so that letters[start:end] are its letters.
    """
    exons, genes = defaultdict(list), []
    for line in gff.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        _, _, kind, first, last, _, strand, _, attributes = line.split("\t")
        span = int(first) - 1, int(last)  # GFF3 counts from 1, both ends included
        if kind == "exon":
            parent = dict(part.split("=", 1) for part in attributes.split(";") if "=" in part)["Parent"]
            exons[parent, strand].append(span)
        elif kind in GENES:
            genes.append((*span, strand))
    sites = set()
    for (_, strand), spans in exons.items():
        spans.sort()
        for (_, start), (end, _) in zip(spans, spans[1:], strict=False):
            if start < end:
                ends = ("donor", "acceptor") if strand == "+" else ("acceptor", "donor")
                sites |= {(ends[0], strand, start), (ends[1], strand, end)}
    columns = ["kind", "strand", "cut"]
    table = pd.DataFrame(sorted(sites, key=lambda site: (site[2], site)), columns=columns)
    return table, pd.DataFrame(sorted(set(genes)), columns=["start", "end", "strand"])
