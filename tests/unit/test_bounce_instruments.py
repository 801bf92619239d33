"""What comes back is measured, and shown at zero from the start: an alert asks for it everywhere."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from notify_service.bounces.instruments import BounceInstruments


def test_all_is_shown_from_the_start_and_moves() -> None:
    registry = CollectorRegistry()
    measuring = BounceInstruments(registry)
    hard = {"outcome": "hard", "via": "mailbox"}
    assert registry.get_sample_value("counterfoil_bounce_mailbox_away") == 0
    assert registry.get_sample_value("counterfoil_mail_bounces_total", hard) == 0
    assert registry.get_sample_value("counterfoil_bounce_mails_total", {"outcome": "unreadable"}) == 0
    measuring.count("hard", "mailbox")
    measuring.count_bounce_mail("unreadable")
    measuring.note_mailbox(is_away=True)
    assert registry.get_sample_value("counterfoil_bounce_mailbox_away") == 1
    assert registry.get_sample_value("counterfoil_mail_bounces_total", hard) == 1
    assert registry.get_sample_value("counterfoil_bounce_mails_total", {"outcome": "unreadable"}) == 1
    measuring.note_mailbox(is_away=False)
    assert registry.get_sample_value("counterfoil_bounce_mailbox_away") == 0
