"""What an answer needs of its notebook: its cell, and from the cells above only what the answer's names lead to.

A chapter trains networks for a minute; an answer mostly needs ``import numpy as np``. So each statement above is taken
that binds a name the answer uses, or that changes what such a name holds, and for that statement's own names likewise.
"""

import ast
import builtins
import dis
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType

MAGIC = re.compile(r"^\s*(%|!|\?)|\?\s*$")
KNOWN = frozenset(dir(builtins)) | {"display", "get_ipython", "__name__"}


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell.

    Attributes
    ----------
    cell, source : str
    line : int
        Its first line in the cell.
    binds, changes, needs : frozenset of str
        The names that it binds, those whose objects it changes, and those that it takes from elsewhere.
    imports : bool
    """

    cell: str
    line: int
    source: str
    binds: frozenset[str]
    changes: frozenset[str]
    needs: frozenset[str]
    imports: bool


def pieces(
    above: Sequence[tuple[str, str]], answer: tuple[str, str], name: str, below: Sequence[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """What is to be executed for a function, in the order of the notebook: (cell, source), line numbers kept.

    Parameters
    ----------
    above, below : sequence of (str, str)
        The cells before and after the answer, as (name, source). One that is no Python is left out. From below comes
        only what nothing above binds: a function may use what is bound before it is called.
    answer : (str, str)
        The answer's cell, likewise.
    name : str
        The function that it must define.
    """
    own = list(statements(*answer))
    if not own:
        return [answer]  # no Python: its own error says so
    before, after = ([one for cell in cells for one in statements(*cell)] for cells in (above, below))
    modules = {bound for one in (*before, *after) if one.imports for bound in one.binds}
    there = {bound for one in (*before, *own) for bound in one.binds}
    wanted, chosen = _needed_for(own, name), set()
    while True:
        size = len(chosen)
        for place, one in enumerate((*before, *after)):
            binds = one.binds | (one.changes - modules)  # np.add.at(...) changes no module
            if place >= len(before):
                binds -= there
            if place not in chosen and binds & wanted:
                chosen.add(place)
                wanted |= one.needs
        if len(chosen) == size:
            break
    found: dict[str, list[Statement]] = {}
    for place, one in enumerate((*before, *after)):
        if place == len(before):
            found[""] = []  # the answer's place
        if place in chosen:
            found.setdefault(one.cell, []).append(one)
    found.setdefault("", [])
    return [(cell, _placed(ones)) if cell else answer for cell, ones in found.items()]


def _needed_for(own: Sequence[Statement], name: str) -> set[str]:
    """The names that the answer's cell takes from above; the whole cell is executed."""
    bound: set[str] = set()
    needed: set[str] = set()
    for one in own:
        needed |= one.needs - bound
        bound |= one.binds
    later = {need for one in own for need in one.needs}  # a function may use what is bound below it
    return (needed | (later - bound)) - {name}


def _placed(ones: Sequence[Statement]) -> str:
    """Statements on the lines on which they stand in their cell."""
    lines: list[str] = []
    for one in ones:
        lines += [""] * (one.line - 1 - len(lines)) + one.source.split("\n")
    return "\n".join(lines) + "\n"


def statements(cell: str, source: str) -> Iterator[Statement]:
    """The statements of a cell, IPython's own lines left out; none when it is no Python."""
    text = _without_magic(source)
    tree = _parsed(text)
    if tree is None:
        return
    lines = text.split("\n")
    for node in tree.body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        part = lines[first - 1 : node.end_lineno]
        part[-1] = part[-1].encode()[: node.end_col_offset].decode()
        if first == node.lineno:
            part[0] = part[0].encode()[node.col_offset :].decode()  # after a semicolon
        binds, needs = _names(node)
        imports = isinstance(node, (ast.Import, ast.ImportFrom))
        sets = map(frozenset, (binds, _changed(node), needs - KNOWN))
        yield Statement(cell, first, "\n".join(part), *sets, imports)


def _names(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement binds in the notebook, and those that it takes from there, functions within it too."""
    code = compile(ast.Module([node], []), "", "exec", dont_inherit=True, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    binds, needs, rest = set(), set(), [code]
    while rest:
        one = rest.pop()
        rest += [constant for constant in one.co_consts if isinstance(constant, CodeType)]
        for step in dis.get_instructions(one):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                needs.add(step.argval)
            elif step.opname == "STORE_GLOBAL" or (step.opname == "STORE_NAME" and one is code):
                binds.add(step.argval)
    return binds, needs


def _changed(node: ast.stmt) -> set[str]:
    """The names whose objects a statement changes: ``D["a"] = 1``, ``parts.append(3)``."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return set()
    found = set()
    for one in ast.walk(node):
        if isinstance(one, (ast.Subscript, ast.Attribute)) and not isinstance(one.ctx, ast.Load):
            found |= _root(one)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        found |= _root(node.value.func)
    return found


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def untouched(source: str, name: str) -> bool:
    """Whether the function of this name holds only its docstring, ``...``, ``pass`` or ``return None``."""
    function = _function(source, name)
    return function is not None and all(map(_says_nothing, function.body))


def parameters(source: str, name: str) -> list[str] | None:
    """The names of the parameters of the last function of this name in a cell; None when it defines none."""
    function = _function(source, name)
    if function is None:
        return None
    listed = function.args
    return [one.arg for one in [*listed.posonlyargs, *listed.args, *listed.kwonlyargs]] + [
        f"*{one.arg}" for one in (listed.vararg, listed.kwarg) if one
    ]


def _function(source: str, name: str) -> ast.FunctionDef | None:
    """The last function of this name at the top level of a cell."""
    tree = _parsed(_without_magic(source))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name] if tree else []
    return found[-1] if found else None


def _without_magic(source: str) -> str:
    """A cell with IPython's own lines left empty."""
    return "\n".join("" if MAGIC.search(line) else line for line in source.split("\n"))


def _parsed(text: str) -> ast.Module | None:
    """The syntax tree; None when it is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _says_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    nothing = isinstance(statement, ast.Return) and (
        statement.value is None or (isinstance(statement.value, ast.Constant) and statement.value.value is None)
    )
    return constant or nothing or isinstance(statement, ast.Pass)
