"""Makes a part of a mail from its template, within bounds of time and length, and says what is wrong in one."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import SandboxedEnvironment

from notify_service.channels.mail.jinja_rules import CHARACTERS_MOST, FILTERS, TESTS, Problem, TooMuch, problems_in

TURNS_MOST = 100_000
"""How often all loops of one part are gone through together."""

SECONDS_MOST = 2.0
"""Processor time that the loops of one part have."""

_TIMED_EVERY = 4
"""Turns of a loop after which the time is asked for: that costs as much as a turn."""

_AT_ONCE = 64
"""Pieces of a part that are counted at once."""

_OF_LOOPS = frozenset({"first", "last", "index", "length"})

_BUDGET, _COUNTED = "_budget", "_counted"


class Wrong(Exception):
    """A template is wrong; `problems` says where and what."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"line {line}: {what}" for line, what in problems))
        self.problems = problems


class _Budget:
    """What one rendering may use up."""

    def __init__(self) -> None:
        self._turns = 0
        self._until_s: float | None = None

    def counted(self, values: Iterable[object]) -> Iterator[object]:
        for value in values:
            self._turns += 1
            if self._turns > TURNS_MOST:
                raise TooMuch(f"its loops go round more than {TURNS_MOST} times")
            if not self._turns % _TIMED_EVERY:
                self._ask_the_time()
            yield value

    def _ask_the_time(self) -> None:
        now_s = time.thread_time()
        if self._until_s is None:
            self._until_s = now_s + SECONDS_MOST
        elif now_s > self._until_s:
            raise TooMuch(f"its loops take more than {SECONDS_MOST} seconds of the processor")


@pass_context
def _counted(context: Context, values: Iterable[object]) -> Iterator[object]:
    budget: _Budget = context[_BUDGET]
    return budget.counted(values)


def _shown(value: object) -> object:
    """Return a value that a template shows; raises `TypeError` where nobody could want to read it.

    What is undefined says so itself, and nothing where it stands for a missing `else`.
    """
    if not isinstance(value, str | int | float | Undefined):
        raise TypeError("it is not there always: ask first, by {% if … %}" if value is None else "it is no text")
    return value


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail that is ready to be made from values."""

    template: Template

    def render(self, values: Mapping[str, object]) -> str:
        """Return it; raises `TooMuch`, and `Wrong` for a value that is not as the template takes it to be."""
        try:
            return self._joined(values)
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise Wrong((self._line(error.__traceback__), str(error))) from error

    def _joined(self, values: Mapping[str, object]) -> str:
        made, left = list[str](), CHARACTERS_MOST
        context = self.template.new_context({**values, _BUDGET: _Budget()}, shared=True)
        pieces = self.template.root_render_func(context)
        while some := list(islice(pieces, _AT_ONCE)):
            left -= sum(map(len, some))
            if left < 0:
                raise TooMuch(f"it has more than {CHARACTERS_MOST} characters")
            made += some
        return "".join(made)

    def _line(self, at: TracebackType | None) -> int:
        found = 1
        while at is not None:
            if at.tb_frame.f_globals.get("__jinja_template__") is self.template:
                found = self.template.get_corresponding_lineno(at.tb_lineno)
            at = at.tb_next
        return found


class _Sandbox(SandboxedEnvironment):
    """Jinja's sandbox, which asks nothing about a loop's own `first`, `last` and the like: they are harmless."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute; one that begins with _ is none."""
        return (
            getattr(obj, attribute)
            if attribute in _OF_LOOPS and type(obj) is LoopContext
            else super().getattr(obj, attribute)
        )


class ClosedJinja:
    """Reads templates: `is_html` says whether values are escaped for HTML."""

    def __init__(self, *, is_html: bool) -> None:
        self._environment = _Sandbox(
            autoescape=is_html,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=0,
        )
        self._environment.globals.clear()
        self._environment.filters.clear()
        self._environment.tests.clear()
        self._environment.filters.update(FILTERS | {_COUNTED: _counted})
        self._environment.tests.update(TESTS)

    def read(self, source: str, path: Path, variables: Collection[str]) -> Part:
        """Return the part that a file says, which may use the variables; raises `Wrong`."""
        try:
            tree = self._environment.parse(source)
            problems = problems_in(tree, variables)
            if problems:
                raise Wrong(*problems)
            for loop in tree.find_all(nodes.For):
                loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)
            tree.set_environment(self._environment)
            code = self._environment.compile(tree, filename=str(path))
        except TemplateSyntaxError as error:
            raise Wrong((error.lineno, error.message or "it cannot be read")) from error
        except (RecursionError, SyntaxError, ValueError, OverflowError, MemoryError) as error:
            raise Wrong((1, "it is nested too deeply, or has a number of too many digits")) from error
        return Part(self._environment.template_class.from_code(self._environment, code, {}))
