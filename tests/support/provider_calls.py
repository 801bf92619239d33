"""What providers of mail call with, after the examples of their documentation, signed as they sign."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
SNS = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE_URL = f"{SNS}/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE_URL = f"{SNS}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37f"
POSTMARK = "postmark:a password that is long"
MAILGUN_KEY = "key-of-mailgun-of-tests"

_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@cache
def _sns_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_public() -> str:
    """Return the key as SendGrid shows it."""
    key = sendgrid_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(key).decode("ascii")


def sns_certificate(now: datetime, *, days: int = 300) -> bytes:
    """Return a certificate that is good for so many days."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(_sns_key().public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
    return made.sign(_sns_key(), SHA256()).public_bytes(Encoding.PEM)


def sns(message: str, now: datetime, version: str = "2", **changes: Any) -> bytes:
    """Return a message of SNS, signed; `changes` come before the signing."""
    document: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **changes,
    }
    names = _SIGNED if document["Type"] != "Notification" else [one for one in _SIGNED if one != "SubscribeURL"]
    text = "".join(f"{name}\n{document[name]}\n" for name in names if name in document)
    hash_ = SHA1() if version == "1" else SHA256()  # noqa: S303 - as SNS does by default
    document["Signature"] = b64encode(_sns_key().sign(text.encode(), PKCS1v15(), hash_)).decode("ascii")
    return json.dumps(document).encode()


def ses_bounce(source: str, **bounce: Any) -> str:
    """Return the notification of a bounce with a DSN, as SES documents it."""
    about = {
        "bounceType": "Permanent",
        "reportingMTA": "dns; email.example.com",
        "bouncedRecipients": [
            {
                "emailAddress": "jane@example.com",
                "status": "5.1.1",
                "action": "failed",
                "diagnosticCode": "smtp; 550 5.1.1 <jane@example.com>... User",
            }
        ],
        "bounceSubType": "General",
        "timestamp": "2016-01-27T14:59:38.237Z",
        "feedbackId": "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa068a-000000",
        "remoteMtaIp": "127.0.2.0",
        **bounce,
    }
    mail = {"timestamp": "2016-01-27T14:59:38.237Z", "source": source, "destination": ["jane@example.com"]}
    return json.dumps({"notificationType": "Bounce", "bounce": about, "mail": mail})


def ses_complaint(token: str, kind: str = "abuse") -> str:
    """Return the event of a complaint, as SES documents it for event publishing, with tags."""
    about = {
        "complainedRecipients": [{"emailAddress": "richard@example.com"}],
        "complaintFeedbackType": kind,
        "timestamp": "2016-01-27T14:59:38.237Z",
        "feedbackId": "000001378603177f-18c07c78-fa81-4a58-9dd1-fedc3cb8f49a-000000",
    }
    mail = {"source": "forms@example.com", "tags": {"counterfoil": [token], "ses:from-domain": ["example.com"]}}
    return json.dumps({"eventType": "Complaint", "complaint": about, "mail": mail})


def postmark(token: str, **changes: Any) -> bytes:
    """Return a bounce, as Postmark documents it."""
    document = {
        "RecordType": "Bounce",
        "MessageStream": "outbound",
        "ID": 4323372036854775807,
        "Type": "HardBounce",
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "Test",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Metadata": {"counterfoil": token},
        "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 john@example.com: unknown",
        "Email": "john@example.com",
        "From": "sender@example.com",
        "BouncedAt": "2019-11-05T16:33:54.9070259Z",
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Test subject",
        **changes,
    }
    return json.dumps(document).encode()


def basic(credentials: str = POSTMARK) -> Mapping[str, str]:
    return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}


def sendgrid(*events: Mapping[str, Any], now: datetime) -> tuple[bytes, Mapping[str, str]]:
    """Return a call with events, and its headers."""
    body = json.dumps(events).encode() + b"\r\n"
    timestamp = str(int(now.timestamp()))
    signature = sendgrid_key().sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    return body, {
        "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode("ascii"),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def sendgrid_event(token: str, **changes: Any) -> dict[str, Any]:
    """Return a bounce, as SendGrid documents it."""
    return {
        "email": "example@test.com",
        "timestamp": 1513299569,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "bounce_classification": "Invalid Address",
        "event": "bounce",
        "category": ["cat facts"],
        "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "reason": "500 unknown recipient",
        "status": "5.0.0",
        "type": "bounce",
        "counterfoil": token,
        **changes,
    }


def mailgun(token: str, now: datetime, key: str = MAILGUN_KEY, **changes: Any) -> bytes:
    """Return a permanent failure, as Mailgun documents it; the token is that of its signature."""
    timestamp, once = (
        str(int(now.timestamp())),
        changes.pop("once", "e0b5477167110d68991efc6b9f89f0a11066af278346"),
    )
    signed = hmac.digest(key.encode(), f"{timestamp}{once}".encode(), "sha256").hex()
    event = {
        "event": "failed",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": "alice@example.com",
        "recipient-domain": "example.com",
        "envelope": {"sender": "bob@mg.example.com", "transport": "smtp", "targets": "alice@example.com"},
        "delivery-status": {
            "attempt-no": 1,
            "bounce-type": "hard",
            "code": 550,
            "enhanced-code": "5.1.1",
            "message": "5.1.1 The email account that you tried to reach does not exist: alice@example.com",
        },
        "user-variables": {"counterfoil": token},
        **changes,
    }
    signature = {"token": once, "timestamp": timestamp, "signature": signed}
    return json.dumps({"signature": signature, "event-data": event}).encode()
