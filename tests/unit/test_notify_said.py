"""What is kept of a server's reply."""

from __future__ import annotations

import pytest

from notify_service.transports.smtp.answers import STAGES, Stage, failure
from shared.said import SAID_MOST, said


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("250 2.0.0 Ok: queued as 4bQz", "250 2.0.0 Ok: queued as 4bQz"),
        ("550 5.1.1 <ada@example.org>: unknown", "550 5.1.1 <a…@example.org>: unknown"),
        ("550 ada+list@example.org,bob@example.com no", "550 a…@example.org,b…@example.com no"),
        ('550 "ada lovelace"@example.org no', "550 a…@example.org no"),
        ("550-one\n550\ttwo\r\nthree\x00\x1b[31m", "550-one 550 two three [31m"),
        ("550 mailto:ada@example.org;bob@example.com no", "550 mailto:a…@example.org;b…@example.com no"),
        ("550 ada@one@example.org no", "550 a…@o…@example.org no"),
        ('550 x"ada b"@example.org, grace@example.com', "550 xa…@example.org, g…@example.com"),
        (f"550 {'x' * 80}@example.org @ no", "550 x…@example.org @ no"),
        ("left \u202eright", "left right"),
        ("", ""),
    ],
)
def test_a_reply_is_one_line_without_control_characters_and_without_addresses(text: str, kept: str) -> None:
    assert said(text) == kept


def test_a_reply_is_cut() -> None:
    assert len(said("x" * 10_000_000)) == SAID_MOST


@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_has_the_reply_but_for_what_is_said_at_login(stage: Stage) -> None:
    heard = failure(stage, 550, b"5.1.1 user ada").said
    assert heard == ("550" if stage == "login" else "550 5.1.1 user ada")
    assert not failure(stage, None, b"").said
