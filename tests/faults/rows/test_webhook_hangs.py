"""Row 21: whoever receives the webhooks hangs, and every connection it may have with it; no mail comes any later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest

from dev.mail_sink import MailSink, read_mail
from dev.mail_sink import mails as mails_in
from support.faulty.of_receivers import WebhookHangs
from support.faulty.stage import StartStage
from support.ledger import Entry
from support.polling import eventually
from support.webhook_receiver import Receiver
from support.webhooks import SECRET

COUNT = 300
CONNECTIONS = 3
OF_ONE = CONNECTIONS - 1
HANGING = {
    "COUNTERFOIL_WEBHOOK_CONNECTIONS": f"{CONNECTIONS}",
    "COUNTERFOIL_WEBHOOK_ALLOW": "127.0.0.1",
    "COUNTERFOIL_WEBHOOK_TIMEOUT_S": "60",
}
LATER_S = 5.0
"""What a busy machine may cost a mail; one that waited for a webhook would wait for all of its time limit."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who receives webhooks."""
    with Receiver() as server:
        yield server


def latency_s(entries: list[Entry], mails: MailSink) -> float:
    """Return how long after its 202 a mail came, at the most of nineteen in twenty."""
    acked_at = {entry.address: entry.attempts[0].at for entry in entries}
    came_at = {read_mail(path)["X-Envelope-To"]: path.stat().st_mtime for path in mails_in(mails.directory)}
    return quantiles([came_at[address] - at for address, at in acked_at.items()], n=20)[-1]


def test_row_21_mail_comes_as_soon(
    start_stage: StartStage, tmp_path: Path, mail_sink: MailSink, receiver: Receiver
) -> None:
    forms = tmp_path / "forms.toml"
    forms.write_text(f'[forms.signup]\nwebhook = {{url = "{receiver.url("/told")}", secret = "{SECRET}"}}\n')
    stage = start_stage(forms=forms, special={"notify": HANGING})
    stage.load(COUNT).wait(timeout_s=60)
    stage.trial.settle(timeout_s=60)
    fault = WebhookHangs(receiver, "/told")
    with stage.harmed(fault):
        stage.load(COUNT).wait(timeout_s=60)
        fault.await_hanging(2 * OF_ONE)
        eventually(lambda: stage.trial.mailed() == 2 * COUNT, 60, "every mail is sent meanwhile")
        assert len(receiver.at("/told")) == COUNT + 2 * OF_ONE, "vacuous: a webhook came through meanwhile"
    assert stage.conclude().counts["acked"] == 2 * COUNT
    entries = stage.trial.ledger.snapshot()
    told = Counter(one.headers["webhook-id"].removeprefix("accepted_") for one in receiver.at("/told"))
    assert told == Counter(submission_id for entry in entries for submission_id in entry.ids), "each is told once"
    before_s, meanwhile_s = latency_s(entries[:COUNT], mail_sink), latency_s(entries[COUNT:], mail_sink)
    stage.row.note(
        {"seconds to a mail before": round(before_s, 2), "seconds to a mail meanwhile": round(meanwhile_s, 2)}
    )
    assert meanwhile_s < before_s + LATER_S, "webhooks kept mails waiting"
