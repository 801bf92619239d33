"""Compiles templates, addresses and SQL once in a process of the tests, where each test makes its own application.

A console compiles 130 templates as they are shown, and builds an address of 170 rules twice each: a quarter of a second
of the processor, for each of a thousand tests. Statements cost half as much again. All are pure: the same text gives
the same code, and the same statement the same SQL for each engine of one kind.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from jinja2 import Environment
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_STATEMENTS = 2000

_compiled: dict[Hashable, Any] = {}


def remember() -> None:
    """Remember what is compiled from now on. Environments of classes of our own are left alone."""
    Environment.compile = _remembering(Environment.compile)  # type: ignore[method-assign]
    Rule._compile_builder = _remembering_rules(Rule._compile_builder)  # type: ignore[method-assign]
    shared = _Statements(_STATEMENTS)
    Engine._compiled_cache = property(lambda _: shared, lambda _, own: None)  # type: ignore[assignment]


def _remembering(compile_: Callable[..., Any]) -> Callable[..., Any]:
    def compiled(self: Environment, source: Any, *arguments: Any, **named: Any) -> Any:
        if type(self) is not Environment or not isinstance(source, str):
            return compile_(self, source, *arguments, **named)
        way = self.autoescape, self.trim_blocks, self.lstrip_blocks, self.undefined, self.block_start_string
        key = (
            source,
            arguments,
            tuple(sorted(named.items())),
            way,
            tuple(sorted(self.filters)),
            tuple(self.extensions),
        )
        if key not in _compiled:
            _compiled[key] = compile_(self, source, *arguments, **named)
        return _compiled[key]

    return compiled


def _remembering_rules(compile_: Callable[..., Any]) -> Callable[..., Any]:
    def compiled(self: Rule, append_unknown: bool = True) -> Any:
        key = (self.rule, repr(self._trace), repr(self.defaults), append_unknown)
        if key not in _compiled:
            _compiled[key] = compile_(self, append_unknown)
        return _compiled[key]

    return compiled


class _Statements(LRUCache[tuple[Any, ...], Any]):
    """What engines keep of the statements that they have compiled: all those of one kind of database the same."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_of_a_kind(*key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_of_a_kind(*key), compiled)


def _of_a_kind(dialect: Any, *statement: Any) -> tuple[Any, ...]:
    return dialect.name, dialect.driver, getattr(dialect, "server_version_info", None), *statement
