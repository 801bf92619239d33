"""Providers tell of bounces by calls, each proved by its provider's own signature; what is forged or old is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from gateway.bounces.settings import BounceHooks, problems
from shared.contracts import MailBounced
from shared.links.addresses import AddressKey
from shared.links.bounce import BounceAddress, BounceTokens
from shared.messaging.topology import NOTIFY_ADDRESSES
from support import provider_calls as calls
from support.confirmations import Clock
from support.gateway_app import SECRET, Gateway, a_gateway, document_of, errors_of
from support.receipts import AT

ID = UUID("5b1f0e0e-3c5c-5a56-9f3e-8d2f1a7c4b60")
TOKEN = BounceTokens(SECRET).sign(ID)
SOURCE = BounceAddress("bounces@example.com").of(TOKEN)
ALL = BounceHooks((calls.TOPIC,), calls.POSTMARK, calls.sendgrid_public(), calls.MAILGUN_KEY)


class World:
    """A gateway that providers call, and what it fetched of SNS."""

    def __init__(self, directory: Path, hooks: BounceHooks = ALL) -> None:
        self.clock = Clock(AT)
        self.fetched: list[str] = []
        self.away = False
        self.certificate = calls.sns_certificate(AT)
        self.gateway: Gateway = a_gateway(directory, clock=self.clock, fetch=self._fetch, bounces=hooks)

    def _fetch(self, url: str) -> bytes:
        if self.away:
            raise OSError("away")
        self.fetched.append(url)
        return self.certificate

    def call(self, provider: str, body: bytes, headers: Mapping[str, str] | None = None) -> TestResponse:
        return self.gateway.client.post(f"/hooks/bounces/{provider}", data=body, headers=headers)

    def told(self) -> list[MailBounced]:
        return [MailBounced.decode(one.body) for one in self.gateway.broker.queued(NOTIFY_ADDRESSES.name)]

    def told_one(self) -> MailBounced:
        [event] = self.told()
        return event


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def is_told(answer: TestResponse, count: int = 1) -> bool:
    return answer.status_code == 200 and document_of(answer) == {"ok": True, "told": count}


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, errors_of(answer)[0][0]


@pytest.mark.parametrize("version", ["1", "2"])
def test_ses_tells_of_a_bounce(world: World, version: str) -> None:
    assert is_told(world.call("ses", calls.sns(calls.ses_bounce(SOURCE), AT, version)))
    event = world.told_one()
    assert (event.delivery_id, event.kind, event.code, event.via) == (ID, "hard", "5.1.1", "ses")
    assert event.address_hash == AddressKey(SECRET).of("jane@example.com")
    assert (event.said, event.shown) == ("550 5.1.1 <j…@example.com>... User", "j…@example.com")
    assert world.fetched == [calls.CERTIFICATE_URL]
    world.call("ses", calls.sns(calls.ses_bounce(SOURCE), AT, version))
    assert world.told()[1].id == event.id, "told twice it has the same id"
    assert world.fetched == [calls.CERTIFICATE_URL], "a certificate is fetched once a day"


def test_ses_tells_of_who_is_away_as_of_a_bounce_and_that_is_nothing(world: World) -> None:
    away = {"bounceType": "Transient", "bounceSubType": "General"}
    recipients = [{"emailAddress": "richard@example.com"}]
    assert is_told(world.call("ses", calls.sns(calls.ses_bounce(SOURCE, bouncedRecipients=recipients, **away), AT)), 0)
    full = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
    assert is_told(world.call("ses", calls.sns(calls.ses_bounce(SOURCE, bouncedRecipients=recipients, **full), AT)))


def test_ses_tells_a_person_that_it_found_a_topic_and_that_is_nothing(world: World) -> None:
    text = "Successfully validated SNS topic for Amazon SES event publishing."
    assert is_told(world.call("ses", calls.sns(text, AT)), 0)


def test_ses_tells_of_complaints_by_a_tag_and_of_what_may_pass(world: World) -> None:
    assert is_told(world.call("ses", calls.sns(calls.ses_complaint(TOKEN), AT)))
    assert is_told(world.call("ses", calls.sns(calls.ses_complaint(TOKEN, "not-spam"), AT)), 0)
    assert is_told(world.call("ses", calls.sns(calls.ses_bounce(SOURCE, bounceType="Transient"), AT)))
    assert is_told(world.call("ses", calls.sns('{"notificationType": "Delivery", "mail": {}}', AT)), 0)
    assert [(one.kind, one.delivery_id) for one in world.told()] == [("complaint", ID), ("soft", ID)]


def _changed(body: bytes, **changes: Any) -> bytes:
    return json.dumps(json.loads(body) | changes).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": calls.ses_bounce("bounces@example.com")},
        {"Timestamp": "2026-11-23T13:00:01.000Z"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"Signature": None},
        {"SignatureVersion": "3"},
        {"Type": "SubscriptionConfirmation", "SubscribeURL": calls.SUBSCRIBE_URL, "Token": "x"},
        {"Type": "Other"},
        {"TopicArn": "arn:aws:sns:eu-west-1:999999999999:bounces"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.example.net/x.pem"},
        {"SigningCertURL": "https://example.net/x.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.us-east-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:8443/x.pem"},
        {"SigningCertURL": "https://u:p@sns.eu-west-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/?x=x.pem"},
        {"SigningCertURL": "https://[sns/x.pem"},
        {"SigningCertURL": f"{calls.SNS}/x.pem"},
        {"SigningCertURL": f"{calls.SNS}/SimpleNotificationService-01/../x.pem"},
        {"SigningCertURL": f"{calls.CERTIFICATE_URL}?Action=Publish&Message=-----BEGIN"},
        {"SigningCertURL": f"{calls.CERTIFICATE_URL}#x"},
    ],
)
def test_what_is_forged_of_sns_is_refused(world: World, changes: dict[str, Any]) -> None:
    body = calls.sns(calls.ses_bounce(SOURCE), AT)
    assert code_of(world.call("ses", _changed(body, **changes))) == (403, "FORGED")
    assert world.told() == []
    assert set(world.fetched) <= {calls.CERTIFICATE_URL}, "nothing else is ever called"


def test_a_certificate_that_is_not_good_now_or_not_to_be_had(world: World) -> None:
    body = calls.sns(calls.ses_bounce(SOURCE), AT)
    world.away = True
    assert world.call("ses", body).status_code == 503
    world.away, world.certificate = False, calls.sns_certificate(AT, days=-1)
    assert code_of(world.call("ses", body)) == (403, "FORGED")


def test_a_topic_that_is_set_is_subscribed_to(world: World) -> None:
    asks = {"Type": "SubscriptionConfirmation", "Token": "2336412f37f", "SubscribeURL": calls.SUBSCRIBE_URL}
    assert is_told(world.call("ses", calls.sns("You have chosen", AT, **asks)), 0)
    assert world.fetched == [calls.CERTIFICATE_URL, calls.SUBSCRIBE_URL]


@pytest.mark.parametrize("url", ["https://169.254.169.254/latest", "https://sns.eu-west-1.amazonaws.com.x.net/", "x"])
def test_an_address_that_is_none_of_sns_is_not_called_although_it_is_signed(world: World, url: str) -> None:
    asks = {"Type": "SubscriptionConfirmation", "Token": "2336412f37f", "SubscribeURL": url}
    assert code_of(world.call("ses", calls.sns("You have chosen", AT, **asks))) == (403, "FORGED")
    assert world.fetched == [calls.CERTIFICATE_URL]


def test_another_topic_is_not_subscribed_to(world: World) -> None:
    asks = {"Type": "SubscriptionConfirmation", "Token": "2336412f37f", "SubscribeURL": calls.SUBSCRIBE_URL}
    answer = world.call("ses", calls.sns("x", AT, **asks, TopicArn=f"{calls.TOPIC}-of-somebody"))
    assert code_of(answer) == (403, "FORGED")
    assert world.fetched == []


def test_postmark_tells_of_a_bounce(world: World) -> None:
    assert is_told(world.call("postmark", calls.postmark(TOKEN), calls.basic()))
    event = world.told_one()
    assert (event.delivery_id, event.kind, event.via) == (ID, "hard", "postmark")
    assert event.said == "smtp;550 5.1.1 j…@example.com: unknown"


@pytest.mark.parametrize(
    ("kind", "record", "expected"),
    [
        ("SoftBounce", "Bounce", "soft"),
        ("Blocked", "Bounce", "soft"),
        ("SpamComplaint", "SpamComplaint", "complaint"),
        ("Transient", "Bounce", None),
        ("AutoResponder", "Bounce", None),
        ("ChallengeVerification", "Bounce", None),
        ("HardBounce", "Delivery", None),
    ],
)
def test_what_postmark_calls_its_bounces(world: World, kind: str, record: str, expected: str | None) -> None:
    body = calls.postmark(TOKEN, Type=kind, RecordType=record)
    assert is_told(world.call("postmark", body, calls.basic()), int(expected is not None))
    assert [one.kind for one in world.told()] == ([expected] if expected else [])


@pytest.mark.parametrize("headers", [{}, calls.basic("postmark:wrong"), {"Authorization": "Basic \xff"}])
def test_who_does_not_know_postmarks_password_is_refused(world: World, headers: dict[str, str]) -> None:
    assert code_of(world.call("postmark", calls.postmark(TOKEN), headers)) == (403, "FORGED")
    assert world.told() == []


def test_sendgrid_tells_of_many_events(world: World) -> None:
    events = [
        calls.sendgrid_event(TOKEN),
        calls.sendgrid_event(TOKEN, sg_event_id="2", type="blocked"),
        calls.sendgrid_event(TOKEN, sg_event_id="3", bounce_classification="Mailbox Unavailable"),
        calls.sendgrid_event(TOKEN, sg_event_id="4", event="spamreport"),
        calls.sendgrid_event(TOKEN, sg_event_id="5", event="dropped", reason="Bounced Address"),
        calls.sendgrid_event(TOKEN, sg_event_id="6", event="deferred"),
        calls.sendgrid_event(TOKEN, sg_event_id="7", event="delivered"),
    ]
    body, headers = calls.sendgrid(*events, now=AT)
    assert is_told(world.call("sendgrid", body, headers), 5)
    assert [one.kind for one in world.told()] == ["hard", "soft", "soft", "complaint", "hard"]
    assert {one.delivery_id for one in world.told()} == {ID}
    assert len({one.id for one in world.told()}) == 5


def test_what_is_forged_of_sendgrid_is_refused(world: World) -> None:
    body, headers = calls.sendgrid(calls.sendgrid_event(TOKEN), now=AT)
    signature, timestamp = headers
    tries: list[tuple[bytes, dict[str, str]]] = [
        (body + b" ", {**headers}),
        (body, {**headers, timestamp: str(int(AT.timestamp()) + 1)}),
        (body, {**headers, signature: "AAAA"}),
        (body, {**headers, signature: "no base64"}),
        (body, {timestamp: headers[timestamp]}),
        (body, {}),
    ]
    for each, given in tries:
        assert code_of(world.call("sendgrid", each, given)) == (403, "FORGED")
    assert world.told() == []


def test_the_example_that_sendgrid_publishes_is_signed_as_it_says(tmp_path: Path) -> None:
    """The key, signature, moment and payload of the tests of SendGrid's own libraries."""
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceE"
        "u/1FwCM/QmGUhA=="
    )
    signature = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
    body = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": "1588788367",
    }
    world = World(tmp_path, BounceHooks(sendgrid=key))
    assert code_of(world.call("sendgrid", body, headers)) == (403, "STALE"), "it is theirs, and old"
    assert code_of(world.call("sendgrid", body + b" ", headers)) == (403, "FORGED")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("5.1.1", "5.1.1"),
        ("5.1.1 (bad mailbox)", "5.1.1"),
        ("5.1.1\x00\nlog: x", "5.1.1"),
        ("\ud800", ""),
        ("ada@example.org", ""),
    ],
)
def test_of_a_status_that_some_server_wrote_only_a_status_is_told(world: World, status: str, code: str) -> None:
    body, headers = calls.sendgrid(calls.sendgrid_event(TOKEN, status=status), now=AT)
    assert is_told(world.call("sendgrid", body, headers))
    assert world.told_one().code == code


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "x\x00\udfff"])
@pytest.mark.parametrize("name", ["email", "reason", "sg_event_id", "counterfoil", "type", "bounce_classification"])
def test_what_no_event_can_have_keeps_no_other_of_a_call_from_being_told(world: World, name: str, odd: str) -> None:
    fine = calls.sendgrid_event(TOKEN, sg_event_id="another")
    body, headers = calls.sendgrid(calls.sendgrid_event(TOKEN, **{name: f"a{odd}"}), fine, now=AT)
    assert is_told(world.call("sendgrid", body, headers), 2)
    assert len(world.told()) == 2


def test_what_is_forged_has_us_fetch_a_few_certificates_at_most(world: World) -> None:
    assert is_told(world.call("ses", calls.sns(calls.ses_bounce(SOURCE), AT)))
    for number in range(20):
        url = calls.CERTIFICATE_URL.replace(".pem", f"{number}.pem")
        body = _changed(calls.sns(calls.ses_bounce(SOURCE), AT, SigningCertURL=url), Signature="AAAA")
        assert world.call("ses", body).status_code in {403, 503}
    assert len(world.fetched) == 5
    assert is_told(world.call("ses", calls.sns(calls.ses_bounce(SOURCE), AT))), "what is known is checked all the same"


def test_mailgun_tells_of_a_bounce(world: World) -> None:
    assert is_told(world.call("mailgun", calls.mailgun(TOKEN, AT)))
    event = world.told_one()
    assert (event.delivery_id, event.kind, event.code) == (ID, "hard", "5.1.1")
    assert event.said == "5.1.1 The email account that you tried to reach does not exist: a…@example.com"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"event": "complained"}, "complaint"),
        ({"reason": "suppress-complaint"}, "complaint"),
        ({"severity": "temporary"}, None),
        ({"reason": "suppress-unsubscribe"}, None),
        ({"reason": "suppress-bounce"}, "hard"),
        ({"reason": "old"}, "soft"),
        ({"delivery-status": {"bounce-type": "soft"}}, "soft"),
        ({"event": "delivered"}, None),
        ({"user-variables": {}, "envelope": {"sender": SOURCE}}, "hard"),
    ],
)
def test_what_mailgun_calls_its_failures(world: World, changes: dict[str, Any], kind: str | None) -> None:
    assert is_told(world.call("mailgun", calls.mailgun(TOKEN, AT, **changes)), int(kind is not None))
    assert [(one.kind, one.delivery_id) for one in world.told()] == ([(kind, ID)] if kind else [])


def test_what_is_forged_of_mailgun_is_refused(world: World) -> None:
    body = calls.mailgun(TOKEN, AT)
    signature = json.loads(body)["signature"]
    wrong: list[dict[str, Any]] = [
        {"signature": "0" * 64},
        {"token": "another"},
        {"token": ""},
        {"timestamp": signature["timestamp"] + "0"},
        {"signature": 7},
    ]
    for change in wrong:
        assert code_of(world.call("mailgun", _changed(body, signature=signature | change))) == (403, "FORGED")
    assert code_of(world.call("mailgun", calls.mailgun(TOKEN, AT, key="another"))) == (403, "FORGED")
    assert world.told() == []


def test_a_call_of_mailgun_that_is_used_again_for_something_else_is_known_as_the_same(world: World) -> None:
    world.call("mailgun", calls.mailgun(TOKEN, AT))
    world.call("mailgun", calls.mailgun(TOKEN, AT, recipient="victim@example.net", id="another"))
    assert len({one.id for one in world.told()}) == 1, "notify takes an id once"
    world.call("mailgun", calls.mailgun(TOKEN, AT, once="another one"))
    assert len({one.id for one in world.told()}) == 2


def _old(moment: datetime) -> dict[str, tuple[bytes, Mapping[str, str]]]:
    return {
        "ses": (calls.sns(calls.ses_bounce(SOURCE), moment), {}),
        "mailgun": (calls.mailgun(TOKEN, moment), {}),
        "sendgrid": calls.sendgrid(calls.sendgrid_event(TOKEN), now=moment),
    }


@pytest.mark.parametrize("provider", ["ses", "mailgun", "sendgrid"])
@pytest.mark.parametrize("off", [timedelta(days=-4), timedelta(minutes=6)])
def test_what_is_too_old_or_of_the_future_is_refused(world: World, provider: str, off: timedelta) -> None:
    body, headers = _old(AT + off)[provider]
    assert code_of(world.call(provider, body, headers)) == (403, "STALE")
    body, headers = _old(AT + off / 2)[provider]
    assert is_told(world.call(provider, body, headers))


@pytest.mark.parametrize("provider", ["ses", "mailgun", "sendgrid", "postmark", "another", "..", "SES"])
def test_who_is_not_set_is_not_there(tmp_path: Path, provider: str) -> None:
    world = World(tmp_path, BounceHooks())
    assert world.call(provider, b"{}").status_code == 404


def test_what_the_broker_does_not_confirm_is_to_come_again(world: World) -> None:
    world.gateway.broker.refusal = "timeout"
    assert world.call("postmark", calls.postmark(TOKEN), calls.basic()).status_code == 503
    world.gateway.broker.refusal = None
    assert is_told(world.call("postmark", calls.postmark(TOKEN), calls.basic()))


def test_a_mail_that_is_none_of_ours_is_known_by_its_address_alone(world: World) -> None:
    for token in ("", "a" * 40, BounceTokens("another secret").sign(ID)):
        assert is_told(world.call("postmark", calls.postmark(token), calls.basic()))
    assert [one.delivery_id for one in world.told()] == [None] * 3
    assert {one.address_hash for one in world.told()} == {AddressKey(SECRET).of("john@example.com")}


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b"7", b"[" * 100_000, b'{"ID": {}}', b"\xff\xff", b"{}"])
def test_what_nobody_documents_is_refused_or_nothing(world: World, body: bytes) -> None:
    for provider, headers in (("ses", {}), ("postmark", calls.basic()), ("mailgun", {}), ("sendgrid", {})):
        answer = world.call(provider, body, headers)
        assert answer.status_code in {400, 403, 413} or document_of(answer) == {"ok": True, "told": 0}
    assert world.told() == []


def test_a_body_has_a_limit_and_a_length(world: World) -> None:
    assert code_of(world.call("mailgun", b"x" * (1024 * 1024 + 1))) == (413, "TOO_LARGE")
    answer = world.gateway.client.post("/hooks/bounces/mailgun", headers={"Transfer-Encoding": "chunked"})
    assert answer.status_code == 413


def test_what_is_wrong_about_the_settings_is_named() -> None:
    assert problems(ALL) == problems(BounceHooks()) == []
    wrong = BounceHooks(("arn:aws:sqs:x",), "user:short", "no key", "too-short")
    assert [one.partition(":")[0] for one in problems(wrong)] == [
        "COUNTERFOIL_BOUNCES_SES",
        "COUNTERFOIL_BOUNCES_POSTMARK",
        "COUNTERFOIL_BOUNCES_SENDGRID",
        "COUNTERFOIL_BOUNCES_MAILGUN",
    ]
    assert "short" not in str(problems(wrong))
