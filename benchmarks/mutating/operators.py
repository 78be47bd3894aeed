"""The mutation operators: single changes of Python code, each as the text that replaces a syntax node."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

SMALLEST = 1e-6
"""The size below which floats are not changed: they prevent divisions by zero, and a tenth more has no effect."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
"""The replacements of comparisons: the boundary is moved, or the result is inverted."""

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}

TWINS = {
    "min": "max",
    "max": "min",
    "amin": "amax",
    "amax": "amin",
    "argmin": "argmax",
    "argmax": "argmin",
    "minimum": "maximum",
    "maximum": "minimum",
    "mean": "sum",
    "sum": "mean",
    "any": "all",
    "all": "any",
    "floor": "ceil",
    "ceil": "floor",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_": "ones_",
    "ones_": "zeros_",
}
"""Functions and methods with the same signature that replace each other."""

BUILT_IN_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
TRANSPARENT = {"detach", "abs", "sqrt", "exp", "log", "flip", "t", "float", "double"}
"""Methods and functions of one value whose result has the value's shape, so that the value can replace the call."""

MODES = {"no_grad", "inference_mode", "autocast", "fork_rng"}
"""Context managers and decorators that change what is computed inside them."""

PATHLIKE = {"folder", "path", "root", "file", "base", "cache", "place", "parent", "home", "directory", "store"}
"""Names of paths, for which ``/`` joins paths and does not divide."""

AXES = {"dim", "axis"}
NUMBERS = {"float", "int", "bool", "Tensor"}
SEQUENCES = {"list", "tuple", "NDArray", "Matrix", "Pixels"}
"""The beginnings of annotations of results that can be multiplied by 0, and of those that can be reversed too."""

UNSEEN_KEYWORDS = {"strict", "encoding", "stacklevel", "frozen", "kw_only", "slots", "cls", "indent", "from_tensors"}
"""Keywords that can be left out without any effect on the results of correct code."""

UNTOUCHED_CALLS = {
    "TypeVar",
    "cast",
    "NamedTuple",
    "field",
    "dataclass",
    "warn",
    "ParamSpec",
    "isinstance",
    "TypeAlias",
}
UNSWAPPED_CALLS = {"isinstance", "issubclass", "hasattr", "getattr", "setattr", "replace"}

Alternative = tuple[str, str]
"""A kind of change, and the text that replaces the node."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Around(NamedTuple):
    """The surroundings of a node.

    Attributes:
        parents: the nodes from the module down to the node's own parent.
        literals: the string members of the module's own ``Literal`` types, by name.
    """

    parents: tuple[ast.AST, ...]
    literals: dict[str, tuple[str, ...]]

    @property
    def parent(self) -> ast.AST:
        """The node's own parent."""
        return self.parents[-1]

    @property
    def function(self) -> FunctionNode | None:
        """The innermost function around the node; None outside of functions."""
        return next((node for node in reversed(self.parents) if isinstance(node, FunctionNode)), None)


def alternatives(node: ast.AST, around: Around) -> Iterator[Alternative]:
    """Every change of the node itself, without those of its children."""
    change = CHANGES.get(type(node))
    if change is not None:
        yield from change(node, around)
    if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign):
        yield from _dropped(node, around)


def name_of(node: ast.AST) -> str:
    """The last part of a name such as ``a.b.c``; empty for a node that is no name."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else name_of(node.func) if isinstance(node, ast.Call) else ""


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp) else text


def _with(node: Any, **changes: Any) -> str:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return _text(changed)


def _comparison(node: ast.Compare, around: Around) -> Iterator[Alternative]:
    for number, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            yield "comparison", _with(node, ops=[*node.ops[:number], other(), *node.ops[number + 1 :]])


def _is_path(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return True
    if isinstance(node, ast.BinOp):
        return _is_path(node.left) or _is_path(node.right)
    return bool(PATHLIKE & set(name_of(node).lower().split("_"))) or name_of(node) == "Path"


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _arithmetic(node: ast.BinOp, around: Around) -> Iterator[Alternative]:
    other = ARITHMETIC.get(type(node.op))
    joins = isinstance(node.op, ast.Div) and (_is_path(node.left) or _is_path(node.right))
    plain = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.DictComp)
    lists = isinstance(node.left, plain) or isinstance(node.right, plain)
    if other and not joins and not lists and not _is_text(node) and not _in_type(around):
        yield "arithmetic", _with(node, op=other())


def _in_type(around: Around) -> bool:
    """Whether a ``|`` joins types, as in the second argument of ``isinstance``."""
    return any(isinstance(node, ast.Call) and name_of(node) in ("isinstance", "issubclass") for node in around.parents)


def _boolean(node: ast.BoolOp, around: Around) -> Iterator[Alternative]:
    yield "boolean", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for number in range(len(node.values)):
        kept = [*node.values[:number], *node.values[number + 1 :]]
        yield "condition left out", _text(kept[0]) if len(kept) == 1 else _with(node, values=kept)


def _unary(node: ast.UnaryOp, around: Around) -> Iterator[Alternative]:
    if (
        isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and isinstance(around.parent, ast.Subscript)
    ):
        yield "index", "0"
    elif not isinstance(node.op, ast.UAdd):
        yield "sign or not", _text(node.operand)


def _constant(node: ast.Constant, around: Around) -> Iterator[Alternative]:
    value, parent = node.value, around.parent
    if isinstance(parent, ast.keyword) and parent.arg in UNSEEN_KEYWORDS:
        return
    if isinstance(value, bool):
        yield "constant", str(not value)
    elif isinstance(value, int):
        axis = isinstance(parent, ast.keyword) and parent.arg in AXES
        if axis or isinstance(parent, ast.Subscript):
            yield "index", "1" if value == 0 else "0"
        else:
            yield "constant", str(value + 1)
    elif isinstance(value, float) and (value == 0 or abs(value) >= SMALLEST):
        yield "constant", repr(value * 1.1 if value else 0.1)
    elif isinstance(value, str):
        members = _members_of_default(node, around)
        if value in members and len(members) > 1:
            yield "literal", repr(members[members.index(value) - 1])


def _members_of_default(node: ast.Constant, around: Around) -> tuple[str, ...]:
    """The strings that the type annotation of a default allows."""
    parent, annotation = around.parent, None
    if isinstance(parent, ast.AnnAssign):
        annotation = parent.annotation
    elif isinstance(parent, ast.arguments):
        plain = [*parent.posonlyargs, *parent.args]
        pairs = [*zip(reversed(plain), reversed(parent.defaults), strict=False)]
        pairs += [(name, value) for name, value in zip(parent.kwonlyargs, parent.kw_defaults, strict=True) if value]
        annotation = next((name.annotation for name, value in pairs if value is node), None)
    return literal_members(annotation, around.literals) if annotation is not None else ()


def literal_members(annotation: ast.AST, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The strings of ``Literal["a", "b"]``, or of a ``Literal`` type that is known by name."""
    if isinstance(annotation, ast.Subscript) and name_of(annotation.value) == "Literal":
        listed = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        return tuple(item.value for item in listed if isinstance(item, ast.Constant) and isinstance(item.value, str))
    return known.get(name_of(annotation), ())


def _returned(node: ast.Return, around: Around) -> Iterator[Alternative]:
    """Changes of a returned value to None, to an argument, or, where the type allows it, to zeros or to its reverse."""
    if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None):
        return
    function = around.function
    annotation = function.returns if function else None
    kind = re.split(r"\W", ast.unparse(annotation))[0] if annotation else ""
    if kind in NUMBERS | SEQUENCES:
        yield "returned", f"return 0 * ({ast.unparse(node.value)})"
    else:
        yield "returned", "return None"
    if kind in SEQUENCES:
        yield "returned", f"return ({ast.unparse(node.value)})[::-1]"
    names = [arg.arg for arg in function.args.args if arg.arg not in ("self", "cls")] if function else []
    if names and not (isinstance(node.value, ast.Name) and node.value.id == names[0]):
        yield "returned", f"return {names[0]}"


def _call(node: ast.Call, around: Around) -> Iterator[Alternative]:
    name, first_two = name_of(node.func), node.args[:2]
    plain = len(first_two) == 2 and all(isinstance(passed, ast.Name | ast.Attribute) for passed in first_two)
    if plain and name not in UNSWAPPED_CALLS and ast.dump(first_two[0]) != ast.dump(first_two[1]):
        yield "arguments swapped", _with(node, args=[first_two[1], first_two[0], *node.args[2:]])
        yield "argument repeated", _with(node, args=[first_two[0], first_two[0], *node.args[2:]])
    for number, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in UNSEEN_KEYWORDS:
            yield "keyword dropped", _with(node, keywords=[*node.keywords[:number], *node.keywords[number + 1 :]])
    if isinstance(node.func, ast.Name) and name in BUILT_IN_TWINS:
        keywords = [] if name == "sorted" else node.keywords
        yield "twin", _with(node, func=ast.Name(BUILT_IN_TWINS[name]), keywords=keywords)
    if isinstance(node.func, ast.Attribute):
        if name in TWINS:
            yield "twin", _with(node, func=_attribute(node.func, TWINS[name]))
        if name in TRANSPARENT and not node.keywords and len(node.args) < 2:
            yield "call left out", _text(node.args[0] if node.args else node.func.value)


def _attribute(node: ast.Attribute, name: str) -> ast.Attribute:
    changed = copy.copy(node)
    changed.attr = name
    return changed


def _conditional(node: ast.IfExp, around: Around) -> Iterator[Alternative]:
    yield "branches swapped", _with(node, body=node.orelse, orelse=node.body)


def _slice(node: ast.Slice, around: Around) -> Iterator[Alternative]:
    if (node.lower is None) != (node.upper is None):
        yield "slice", _with(node, lower=node.upper, upper=node.lower)


def _raised(node: ast.Raise, around: Around) -> Iterator[Alternative]:
    yield "raise dropped", "pass"


def _continued(node: ast.Continue, around: Around) -> Iterator[Alternative]:
    yield "break for continue", "break"


def _dropped(node: ast.Expr | ast.Assign | ast.AugAssign, around: Around) -> Iterator[Alternative]:
    if isinstance(node, ast.AugAssign):
        yield "statement dropped", "pass"
        other = ARITHMETIC.get(type(node.op))
        if other and isinstance(node.op, ast.Add | ast.Sub):
            yield "arithmetic", _with(node, op=other())
    elif isinstance(node, ast.Assign):
        function = around.function
        starts = function is not None and function.name in ("__init__", "__post_init__")
        if not starts and all(isinstance(assigned, ast.Attribute | ast.Subscript) for assigned in node.targets):
            yield "statement dropped", "pass"
    elif not isinstance(node.value, ast.Constant | ast.Yield | ast.YieldFrom):
        yield "statement dropped", "pass"


CHANGES: dict[type[ast.AST], Callable[[Any, Around], Iterator[Alternative]]] = {
    ast.Compare: _comparison,
    ast.BinOp: _arithmetic,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.Return: _returned,
    ast.Call: _call,
    ast.IfExp: _conditional,
    ast.Slice: _slice,
    ast.Raise: _raised,
    ast.Continue: _continued,
}


def conditions(node: ast.AST) -> Iterator[tuple[ast.expr, str, str]]:
    """Changes of a part that depend on its parent: the part, the kind, and the text that replaces it."""
    if isinstance(node, ast.If) and not isinstance(node.test, ast.Compare):
        negated = node.test.operand if isinstance(node.test, ast.UnaryOp) else ast.UnaryOp(ast.Not(), node.test)
        if not isinstance(node.test, ast.UnaryOp):
            yield node.test, "condition turned", _text(negated)
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield condition, "filter dropped", "True"
    elif isinstance(node, ast.With):
        for item in node.items:
            if item.optional_vars is None and name_of(item.context_expr) in MODES:
                yield item.context_expr, "mode dropped", "__import__('contextlib').nullcontext()"
    elif isinstance(node, FunctionNode):
        for decorator in node.decorator_list:
            if name_of(decorator) in MODES:
                yield decorator, "mode dropped", "(lambda function: function)"
