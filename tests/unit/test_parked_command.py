"""What the command takes for an argument."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from shared.parked import command
from shared.parked.messages import ParkedMessages


def never(_can_publish: bool) -> AbstractContextManager[ParkedMessages]:
    raise AssertionError("it was opened")


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "--reason", ""],
        ["discard", "--reason", " ", "--because", "old"],
        ["discard", "--all", "--because", ""],
        ["discard", "--all", "--because", "\udcff"],
        ["replay", ""],
        ["show", "\udcff"],
        ["replay"],
    ],
)
def test_a_text_that_was_left_empty_chooses_nothing(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.run("parked", arguments, never)
    assert ended.value.code == 2
