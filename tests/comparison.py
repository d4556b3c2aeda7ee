"""nbval's own comparison of stored and fresh outputs, of a notebook that is executed already.

``pytest --nbval-lax`` does two things: it executes the cells, and compares the outputs of those that carry a tag. This
is the second, by the same code of the same library.
"""

from nbval.plugin import IPyNbFile, coalesce_streams


def differences(path, executed, session):
    """The id of each cell whose fresh output differs from what the notebook at ``path`` stores, and how it differs.

    Parameters
    ----------
    path : Path
        The notebook with stored outputs.
    executed : NotebookNode
        The same notebook, executed.
    session : pytest.Session
        nbval's notebook is a collector of tests, and needs to be part of one.
    """
    file = IPyNbFile.from_parent(session, path=path)
    file.compare_outputs = False  # as --nbval-lax sets it: only cells with the tag are compared
    fresh = [cell for cell in executed.cells if cell.cell_type == "code"]
    found = {}
    for item, cell in zip(file.collect(), fresh, strict=True):
        assert item.cell.source == cell.source, f"not the same notebook: {cell.id}"
        if item.options["check"] and not item.compare_outputs(
            coalesce_streams(cell.outputs), coalesce_streams(item.cell.outputs)
        ):
            found[cell.id] = "\n".join(item.comparison_traceback)
    return found
