"""Sets up logging: one line an event, as JSON or for a terminal, without personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, TextIO

import structlog
from structlog.types import ExcInfo, Processor

_frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


def configure(service: str, *, level: str = "info", format: str = "auto") -> None:  # noqa: A002 - as the setting is named
    """Set up structlog and the standard library's logging for a process; called once, by its composition root.

    `format` is json, console, or auto: console where standard error is a terminal.
    """
    as_console = format == "console" or (format == "auto" and sys.stderr.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _naming(service),
    ]
    renderer: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_print_frames)]
        if as_console
        else [structlog.processors.ExceptionRenderer(_frames_only), structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # it logs each lost connection many times; we log it once
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it logs bytes of what strangers send
    logging.getLogger("alembic").setLevel(logging.WARNING)  # `shared.database` says what was migrated
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _naming(service: str) -> Processor:
    def add_service(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["service"] = service
        return event

    return add_service


def _frames_only(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Return a traceback without the exceptions' texts and variables: they may hold what people typed."""
    stacks = _frames(exc_info)
    for stack in stacks:
        for holds_values in ("exc_value", "exc_notes", "syntax_error", "exceptions"):
            stack.pop(holds_values, None)
    return stacks


def _print_frames(out: TextIO, exc_info: ExcInfo) -> None:
    error: BaseException | None = exc_info[1]
    while error is not None:
        out.write("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        error = error.__cause__ or error.__context__
        out.write("\ncaused by\n" if error else "")
