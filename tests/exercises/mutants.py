"""Mutants of a function: its source with one small thing changed, as a tired programmer changes it.

A comparison turned or made strict, a number moved, doubled or negated, + instead of −, another axis, ``keepdims`` left
out, an argument taken for another one, ``min`` for ``max``, ``and`` for ``or``, a ``not`` or a minus left out, a slice
longer or shorter by one, a call left out, a statement left out.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_LOOP = 10_000  # rounds of a while loop, of which the exercises need some dozens

TURNED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr, ast.BitXor),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitAnd, ast.BitOr),
}
KEPT = {"strict"}  # keywords that change nothing where all is well
OTHER_NAMES = {}
for _one, _other in [
    ("min", "max"),
    ("argmin", "argmax"),
    ("minimum", "maximum"),
    ("any", "all"),
    ("sum", "mean"),
    ("floor", "ceil"),
    ("zeros", "ones"),
    ("sin", "cos"),
    ("mean", "median"),
    ("var", "std"),
    ("row", "column"),
]:
    OTHER_NAMES.setdefault(_one, []).append(_other)
    OTHER_NAMES.setdefault(_other, []).append(_one)


class Endless(Exception):
    """A while loop of a mutant that does not end."""


@dataclass(frozen=True)
class Mutant:
    """One mutant: its line in the source (from 1), that line before and after ("", if left out), its whole source."""

    line: int
    before: str
    after: str
    source: str

    def __str__(self):
        return self.after or f"without: {self.before}"

    def function(self, module: object) -> object:
        """The mutant as a function that knows what the module knows; its loops end by Endless."""
        tree, rounds = _Counted().visit(ast.parse(self.source)), iter(range(LONGEST_LOOP))

        def another_round():
            if next(rounds, None) is None:
                raise Endless
            return True

        namespace = vars(module) | {"_another_round": another_round}
        exec(compile(ast.fix_missing_locations(tree), "<mutant>", "exec"), namespace)
        return namespace[tree.body[0].name]


class _Counted(ast.NodeTransformer):
    """Counts the rounds of while loops, for a limit that does not depend on how busy the machine is."""

    def visit_While(self, node):
        self.generic_visit(node)
        counted = ast.parse("_another_round()", mode="eval").body
        node.test = ast.BoolOp(ast.And(), [counted, node.test])
        return node


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of the function that the source (str) defines, each once."""
    tree = ast.parse(source)
    function = tree.body[0]
    parameters = [argument.arg for argument in function.args.args]
    function.body = [node for node in function.body if not _is_docstring(node)]
    seen = {ast.unparse(tree)}
    for owner, name, place, statement in _statements(function):
        for after in _changed(owner, name, place, statement, parameters):
            mutated = ast.unparse(tree)
            if mutated not in seen:
                seen.add(mutated)
                yield Mutant(statement.lineno, _head(statement, original=True), after, mutated)


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _statements(owner):
    """Every statement with the place where it stands: owner, field, index."""
    for name in ("body", "orelse"):
        for place, statement in enumerate(getattr(owner, name, [])):
            statement.before = _head(statement)
            yield owner, name, place, statement
            yield from _statements(statement)


def _head(statement, original=False):
    return statement.before if original else ast.unparse(statement).splitlines()[0]


def _changed(owner, name, place, statement, parameters):
    """Change the tree in each way in turn; yields the changed line, and afterwards the tree is as it was."""
    body = getattr(owner, name)
    if not isinstance(statement, ast.Return) or isinstance(owner, ast.If):
        body[place] = ast.copy_location(ast.Pass(), statement)
        yield ""
        body[place] = statement
    if isinstance(statement, ast.AugAssign):
        body[place] = ast.copy_location(ast.Assign([statement.target], statement.value), statement)
        yield _head(body[place])
        body[place] = statement
    if isinstance(statement, ast.Raise):  # the words of a refusal are free
        return
    for parent, field, index, node in _expressions(statement):
        for other in _instead(node, parent, parameters):
            _put(parent, field, index, other)
            yield _head(statement)
        _put(parent, field, index, node)
    for call in [node for _, _, _, node in _expressions(statement) if isinstance(node, ast.Call)]:
        for keyword in [one for one in call.keywords if one.arg not in KEPT]:
            kept = call.keywords
            call.keywords = [one for one in kept if one is not keyword]
            yield _head(statement)
            call.keywords = kept


def _expressions(node):
    """Every expression and operator of a statement with its place, but not those of the statements inside it."""
    for field, value in ast.iter_fields(node):
        for index, part in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(part, ast.keyword) and part.arg in KEPT:
                continue
            if isinstance(part, ast.AST) and not isinstance(part, (ast.stmt, ast.expr_context)):
                yield node, field, index, part
                yield from () if _number(part) is not None else _expressions(part)


def _number(node):
    """The number that is written there, with its sign; None for everything else."""
    sign = -1 if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 1
    node = node.operand if sign < 0 else node
    return sign * node.value if isinstance(node, ast.Constant) and type(node.value) in (int, float) else None


def _put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _instead(node, parent, parameters):
    """What may stand in the place of an expression or an operator by one small mistake."""
    yield from (kind() for kind in TURNED.get(type(node), ()))
    number = _number(node)
    if number is not None:
        yield from map(_written, _other_numbers(number, parent))
    elif isinstance(node, ast.Constant):
        option = isinstance(parent, ast.keyword) and isinstance(node.value, str)  # another word would be a misspelling
        yield from () if option else map(ast.Constant, _other_constants(node.value))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        names = [one for one in parameters if one != node.id] if node.id in parameters else []
        yield from (ast.Name(one, ast.Load()) for one in names + OTHER_NAMES.get(node.id, []))
    elif isinstance(node, ast.Attribute):
        yield from (ast.Attribute(node.value, one, node.ctx) for one in OTHER_NAMES.get(node.attr, []))
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.BoolOp):
        yield from node.values
    elif isinstance(node, ast.Compare):
        yield from (ast.Constant(True), ast.Constant(False))
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Call):
        yield from _without_the_call(node)
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield ast.Tuple(node.elts[::-1], node.ctx)
        yield from node.elts
    elif isinstance(node, ast.Slice):
        yield from _other_slices(node)


def _other_numbers(number, parent):
    if isinstance(parent, ast.Call) and ast.unparse(parent.func).endswith("reshape") and number < 0:
        return [1]  # any negative number means what is left
    near = isinstance(parent, ast.Subscript) or (isinstance(parent, ast.keyword) and parent.arg == "axis")
    others = [number + 1, number - 1] + ([] if near else [2 * number, -number])
    return [other for other in others if other != number]


def _written(number):
    return ast.UnaryOp(ast.USub(), ast.Constant(-number)) if number < 0 else ast.Constant(number)


def _other_constants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str) and len(value) > 1:
        return [value[1:], value[:-1]]
    return [0] if value is None else []


def _without_the_call(call):
    """``f(x)`` becomes ``x``, and so does ``x.f()``; a float may stay what it is, in NumPy or without."""
    if ast.unparse(call.func) == "float":
        return
    if call.args and not isinstance(call.args[0], ast.Starred):
        yield call.args[0]
    if isinstance(call.func, ast.Attribute) and not (
        isinstance(call.func.value, ast.Name) and call.func.value.id in {"np", "keras", "rng"}
    ):
        yield call.func.value


def _other_slices(node):
    for bound in ("lower", "upper"):
        there = getattr(node, bound)
        values = [None, *(ast.BinOp(there, sign(), ast.Constant(1)) for sign in (ast.Add, ast.Sub))] if there else []
        if not there and not (isinstance(node.step, ast.UnaryOp)):  # ``[:, None]``, ``[::-1]`` too, have no bound
            values = [ast.Constant(1 if bound == "lower" else -1)]
        for value in values:
            other = copy.copy(node)
            setattr(other, bound, value)
            yield other
