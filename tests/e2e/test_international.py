"""Names, addresses and texts of the world, from the post to the database and the mail."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import requests

from dev.broker import Broker
from support.installation import Installation
from support.polling import eventually
from support.smtp import ScriptedSmtp
from support.visitor import CONFIRMED_S, Visitor

NAMES = [
    "用户",
    "Ελένη Παπαδοπούλου",
    "محمد عبد الله",
    "Nguyễn Thị Ánh",
    "נועה",
    "👩🏽‍🚀 Zoë",
    "Cafe\u0301",
    "İı ß Å ẞ",
]
WIDE = "用户@例え.jp"
WIDE_SENT = "用户@xn--r8jz45g.jp"
HALF = "ada@bücher.example"
HALF_SENT = "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize(("address", "sent_to"), [(WIDE, WIDE_SENT), (HALF, HALF_SENT)])
def test_what_was_typed_is_stored_and_mailed_as_it_is(
    visitor: Visitor, address: str, sent_to: str, encoding: str
) -> None:
    fields = {"name": f"{NAMES[0]} {visitor.address}", "email": address}
    answer = visitor.post(**{encoding: fields})
    assert answer.status_code == 202, answer.text
    visitor.await_confirmed(answer.json()["receipt_url"])
    assert visitor.as_owner(f"/v1/submissions/{answer.json()['id']}")["fields"] == fields
    number = visitor.address.partition("+")[2].partition("@")[0]
    visitor.address = sent_to
    [mail] = [mail for mail in visitor.mails() if number in mail["Subject"]]
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"Dear {fields['name'].split()[0]}" in body.get_content()
    assert mail["To"] == sent_to


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_in_the_subject_and_the_body_as_it_was_typed(visitor: Visitor, name: str) -> None:
    visitor.fields["name"] = name
    visitor.await_confirmed(visitor.submit()["receipt_url"])
    [stored] = visitor.listed()
    assert stored["fields"]["name"] == name
    [mail] = visitor.mails()
    shown = name.replace("\u200d", "")  # what joins signs unseen is not repeated
    assert mail["Subject"] == f"Welcome, {shown}"
    body = mail.get_body(("plain",))
    assert body is not None
    assert shown in body.get_content()


@pytest.fixture
def old_server() -> Iterator[ScriptedSmtp]:
    """A mail server that does not know SMTPUTF8 (RFC 6531)."""
    with ScriptedSmtp(utf8=False) as server:
        yield server


def test_without_smtputf8_an_address_that_needs_it_fails_visibly_and_at_once(
    tmp_path: Path, rabbitmq: Broker, old_server: ScriptedSmtp
) -> None:
    url = f"smtp://127.0.0.1:{old_server.port}?starttls=never"
    with Installation(tmp_path, broker_url=rabbitmq.fresh_vhost(), smtp_url=url) as installation:

        def ended(address: str) -> tuple[object, object]:
            fields = {"name": NAMES[0], "email": address}
            answer = requests.post(f"{installation.gateway_url}/f/signup", json=fields, timeout=10)

            def is_final() -> dict[str, Any]:
                receipt = installation.receipt(answer.json()["receipt_url"])
                return receipt if receipt["state"] in ("confirmed", "failed") else {}

            receipt = eventually(is_final, CONFIRMED_S, f"{address} has ended")
            return receipt["state"], [each["attempts"] for each in receipt["confirmations"]]

        assert ended(WIDE) == ("failed", [1])
        assert ended(HALF) == ("confirmed", [1]), "its domain has a form in ASCII"
    [mail] = old_server.received
    assert mail.recipients == (HALF_SENT,)
    assert mail.content.isascii(), "nothing in it needs more than such a server takes"
    assert message_from_bytes(mail.content, policy=policy.default)["Subject"] == "Welcome"
