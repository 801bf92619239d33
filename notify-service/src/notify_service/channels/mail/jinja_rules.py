"""What a mail's template may do: show values, ask and repeat. All else is an error of the file.

Nothing here makes a text longer than what it is made of, keeps a value for later or calls anything. So no template
computes for long or fills the memory, but by loops, which are counted while they run (`closed_jinja`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeAlias

from jinja2 import nodes, pass_eval_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.tests import TESTS as JINJA_TESTS

Problem: TypeAlias = tuple[int, str]
"""A line of a template, and what is wrong there."""

CHARACTERS_MOST = 256 * 1024
"""What one part of a mail has at most."""

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Keyword),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.List, nodes.Tuple),
)
_CALLED = {
    nodes.Call: "a call",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.With: "{% with %}",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Block: "{% block %}",
    nodes.Extends: "{% extends %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% import %}",
    nodes.Scope: "{% autoescape %}",
    nodes.Dict: "a dictionary",
    nodes.Concat: "~",
    nodes.Mul: "*",
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Pow: "**",
}
_NESTED_MOST = 4


class TooMuch(Exception):
    """A template makes more than a mail may have; the text says what."""


@pass_eval_context
def _joined(context: EvalContext, values: Sequence[object], between: str = "") -> object:
    """Join values, unless that is more than a mail may have."""
    if sum(len(str(one)) + len(between) for one in values) > CHARACTERS_MOST:
        raise TooMuch("more text than a mail may have")
    return do_join(context, values, between)


def _truncated(text: str, length: int = 255) -> str:
    """Return so many characters of a text, and an ellipsis where that is not all."""
    return text if len(text) <= length else text[: max(0, length)].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


FILTERS: dict[str, Callable[..., Any]] = {
    **{
        name: JINJA_FILTERS[name]
        for name in ("capitalize", "count", "d", "default", "e", "escape", "first", "last", "length", "lower")
    },
    **{name: JINJA_FILTERS[name] for name in ("title", "trim", "upper")},
    "join": _joined,
    "truncate": _truncated,
}
TESTS: dict[str, Any] = {name: JINJA_TESTS[name] for name in ("defined", "undefined", "none", "even", "odd", "in")}


def problems_in(tree: nodes.Template, known: Collection[str]) -> list[Problem]:
    """Return what is wrong in a template that may use the variables `known`, by lines."""
    return sorted(_in(tree, frozenset(known), 0))


def _in(node: nodes.Node, known: frozenset[str], loops: int) -> Iterator[Problem]:
    if not isinstance(node, _ALLOWED):
        yield _line_of(node), f"{_said(node)} cannot be used in a mail's template"
        return
    yield from _wrong_itself(node, known, loops)
    if isinstance(node, nodes.For):
        yield from _in_loop(node, known, loops)
    else:
        for child in node.iter_child_nodes():
            yield from _in(child, known, loops)


def _in_loop(node: nodes.For, known: frozenset[str], loops: int) -> Iterator[Problem]:
    own = {name.name for name in node.target.find_all(nodes.Name)} | _names_of(node.target)
    yield from _in(node.iter, known, loops)
    if node.test is not None:
        yield from _in(node.test, known | own, loops)
    for child in node.body:
        yield from _in(child, known | own | {"loop"}, loops + 1)
    for child in node.else_:
        yield from _in(child, known, loops)


def _names_of(target: nodes.Node) -> set[str]:
    return {target.name} if isinstance(target, nodes.Name) else set()


def _wrong_itself(node: nodes.Node, known: frozenset[str], loops: int) -> Iterator[Problem]:
    line = node.lineno
    if isinstance(node, nodes.Name) and node.name not in known:
        yield line, f"there is no variable {node.name}; there are: {', '.join(sorted(known))}"
    elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield line, f"there is no filter {node.name}; there are: {', '.join(sorted(FILTERS))}"
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        yield line, f"there is no test {node.name}; there are: {', '.join(sorted(TESTS))}"
    elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield line, f"{node.attr}: a name that begins with _ cannot be asked for"
    elif isinstance(node, nodes.For) and loops >= _NESTED_MOST:
        yield line, f"loops stand in each other at most {_NESTED_MOST} deep"
    elif isinstance(node, nodes.For) and node.recursive:
        yield line, "a loop cannot be recursive"
    elif isinstance(node, nodes.List | nodes.Tuple) and not all(isinstance(one, nodes.Const) for one in node.items):
        yield line, "a list has plain texts and numbers alone"


def _line_of(node: nodes.Node) -> int:
    return node.lineno or next((child.lineno for child in node.iter_child_nodes() if child.lineno), 1)


def _said(node: nodes.Node) -> str:
    return _CALLED.get(type(node), type(node).__name__.lower())
