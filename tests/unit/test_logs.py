"""Logs: JSON or a console, and never what people typed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from shared import logs

CANARY = "ada.canary@example.org"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail() -> None:
    typed: dict[str, str] = {}
    try:
        typed[CANARY]
    except KeyError as error:
        raise ValueError(f"cannot use {CANARY}") from error


@pytest.mark.parametrize("format_", ["json", "console"])
def test_a_traceback_shows_frames_and_no_values(format_: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("storage", format=format_)
    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("handler failed", exc_info=error)
        logging.getLogger("elsewhere").exception("failed too")
    written = capsys.readouterr().err
    assert CANARY not in written
    assert written.count("ValueError") >= 2
    assert written.count("KeyError") >= 2
    assert "fail" in written


def test_each_line_of_json_says_when_who_and_how_bad(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("notify", level="warning", format="json")
    structlog.get_logger().info("too quiet")
    structlog.get_logger().warning("held", held=3)
    [line] = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["level"], entry["service"], entry["held"]) == ("held", "warning", "notify", 3)
    assert entry["timestamp"].endswith("Z")


def test_auto_is_json_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.configure("gateway", format="auto")
    structlog.get_logger().info("hello")
    assert json.loads(written.getvalue())["event"] == "hello"
