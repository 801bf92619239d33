"""Which RabbitMQ the tests and `make run` start."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.programs import RABBITMQ_CHOSEN, NotInstalled, rabbitmq


def test_the_tools_of_a_chosen_rabbitmq_are_taken_from_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rabbitmq-server", "rabbitmqctl"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv(RABBITMQ_CHOSEN, str(tmp_path / "rabbitmq-server"))
    assert rabbitmq("rabbitmqctl") == str(tmp_path / "rabbitmqctl")


def test_a_chosen_rabbitmq_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RABBITMQ_CHOSEN, str(tmp_path / "rabbitmq-server"))
    with pytest.raises(NotInstalled, match=rf"{RABBITMQ_CHOSEN}: .*rabbitmq-server is no program"):
        rabbitmq("rabbitmqctl")
