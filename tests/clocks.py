"""What a machine's load could decide: claims and assertions whose value comes from a clock or from the machine's state.

Read from the syntax tree, by the names that a value passes through: what is assigned, appended or returned from an
expression with a clock in it carries the clock on. Names are not told apart by scope, which errs on the strict side.
"""

import ast
import re

SOURCES = {"time", "timeit", "psutil"}
ATTRIBUTES = {".getrusage", ".seconds", ".wall_seconds", ".peak_rss_mb"}  # the last three of results that were timed
IDENTITIES = {
    "ppid",
    "pids",
    "pid_exists",
    "cmdline",
    "children",
    "environ",
    "status",
}  # what psutil says of a process that no load can change
WORDS = r"\b((?<!the )seconds?|minutes?|time of|same time|speed|faster|slower|clock|MB|megabytes|RSS)\b"


def _timed(tree, known):
    """Whether an expression reads one of the names, or one of the attributes, which begin with a point."""
    nodes = list(_measured(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return bool(known & (names | {"." + node.attr for node in nodes if isinstance(node, ast.Attribute)}))


def _measured(tree):
    """The nodes of an expression, without those that only say which process is meant."""
    yield tree
    of_identity = isinstance(tree, ast.Call) and getattr(tree.func, "attr", "") in IDENTITIES
    if not (of_identity or getattr(tree, "attr", "").startswith("STATUS_")):
        for node in ast.iter_child_nodes(tree):
            yield from _measured(node)


def _written(node, known):
    """Names to which a statement hands a time on."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        module = getattr(node, "module", None) or ""
        return {
            (alias.asname or alias.name).split(".")[0]
            for alias in node.names
            if (module or alias.name).split(".")[0] in SOURCES and alias.name not in ("sleep", "strftime")
        }
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return set().union(*map(_targets, targets)) if node.value is not None and _timed(node.value, known) else set()
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _targets(node.target) if _timed(node.iter, known) else set()
    if isinstance(node, ast.FunctionDef):
        returned = [one.value for one in ast.walk(node) if isinstance(one, (ast.Return, ast.Yield)) and one.value]
        return {node.name} if any(_timed(one, known) for one in returned) else set()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # times.append(...)
        filled = node.func.attr in ("append", "extend", "add", "update", "insert", "setdefault")
        return _targets(node.func.value) if filled and any(_timed(one, known) for one in node.args) else set()
    return set()


def _targets(tree):
    """The names that are changed when this is assigned to: a in ``a``, ``a[i]``, ``a.b`` and ``(a, *b)``."""
    if isinstance(tree, (ast.Tuple, ast.List)):
        return set().union(*map(_targets, tree.elts))
    while isinstance(tree, (ast.Subscript, ast.Attribute, ast.Starred)):
        tree = tree.value
    return {tree.id} if isinstance(tree, ast.Name) else set()


def _known(tree, known=frozenset()):
    """All names of a tree that carry a time."""
    known, before = set(known), None
    while known != before:
        before = set(known)
        for node in ast.walk(tree):
            known |= _written(node, known)
    return known


def timed_claims(code):
    """Calls of ``claim`` in Python code that are named after time or memory, or whose value comes from a clock."""
    tree = ast.parse(code)
    known = _known(tree, ATTRIBUTES)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "claim":
            given = [*node.args, *(one.value for one in node.keywords)]
            name = " ".join(str(one.value) for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant))
            if re.search(WORDS, name) or any(_timed(one, known) for one in given):
                found.append(ast.unparse(node))
    return found


def timed_assertions(code):
    """Assertions in tests whose outcome depends on a clock. Loops that wait until a deadline are none."""
    tree = ast.parse(code)
    known = {".getrusage"}.union(*(_written(node, set()) for node in ast.walk(tree)))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for _ in range(2):  # helpers that return a time, and those that return what they return
        known |= {one.name for one in functions if one.name in _known(one, known)}
    found = []
    for function in functions:
        inside = _known(function, known)
        asserted = [node for node in ast.walk(function) if isinstance(node, ast.Assert)]
        found += [ast.unparse(node) for node in asserted if _timed(node.test, inside)]
    return found
