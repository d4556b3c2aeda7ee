"""From a published package to the snapshots in ``data/``: one module a kind of data, run by ``course data rebuild``.

Each conversion is a function that is given a reader ``read(inner path) -> bytes`` over the opened package and returns the files
it makes, ``{path below data/: bytes}``. The same package gives the same bytes.
"""
