"""Amazon SNS: whether a message is what a topic published, by its signature.

Source: Amazon's documentation, "Verifying the signatures of Amazon SNS messages". The certificate comes over HTTPS from
a host of SNS alone, of the region that the topic is in, and each is fetched once a day; a few in a minute at most,
whoever names however many.
"""

from __future__ import annotations

import binascii
import re
import threading
import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate

from gateway.bounces.told import forged, text
from gateway.http.errors import unavailable

ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{4,30}):\d{12}:[\w-]{1,256}", re.ASCII)

_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-zA-Z-]{1,64}\.pem", re.ASCII)
"""Where its certificates are, with nothing behind: other answers of that host may repeat what its caller said."""

KEPT_FOR_S = 86_400.0
KEPT_MOST = 8
FETCHED_MOST, FETCHED_WITHIN_S = 5, 60.0
"""How many certificates are fetched in a minute: Amazon has one for a region, and names a new one once a year."""

Fetch: TypeAlias = Callable[[str], bytes]
"""Returns what is at an address; raises `OSError` where that cannot be had."""

_HASHES = {"1": SHA1, "2": SHA256}
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Mapping[str, Sequence[str]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}


def is_of_sns(url: str, arn: str) -> bool:
    """Say whether an address is one of SNS, in the region of a topic: nothing else is ever called."""
    found = ARN.fullmatch(arn)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if found is None or parts.scheme != "https" or port not in {None, 443} or parts.username or parts.password:
        return False
    return parts.hostname == f"sns.{found[2]}.amazonaws.com{'.cn' if found[1] == 'aws-cn' else ''}"


@dataclass(slots=True)
class Signatures:
    """Checks signatures. Safe to use from many threads. `clock` says whether a certificate is good now."""

    fetch: Fetch
    clock: Callable[[], datetime]
    _kept: dict[str, tuple[float, Certificate]] = field(default_factory=dict)
    _fetched_s: deque[float] = field(default_factory=lambda: deque(maxlen=FETCHED_MOST))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def check(self, message: Mapping[str, Any]) -> None:
        """Raise `Refused`: 403 where a message is not what its topic published, 503 where that cannot be found out."""
        names = _SIGNED.get(text(message, "Type"))
        hash_ = _HASHES.get(text(message, "SignatureVersion"))
        url = text(message, "SigningCertURL")
        if names is None or hash_ is None or not is_of_sns(url, text(message, "TopicArn")):
            raise forged()
        place = urlsplit(url)
        if place.query or place.fragment or not _CERTIFICATE.fullmatch(place.path):
            raise forged()
        signed = "".join(f"{name}\n{message[name]}\n" for name in names if isinstance(message.get(name), str))
        try:
            signature = b64decode(text(message, "Signature"), validate=True)
            key = self._certificate(url).public_key()
            if not isinstance(key, RSAPublicKey):
                raise forged()
            key.verify(signature, signed.encode("utf-8", "surrogatepass"), PKCS1v15(), hash_())
        except (InvalidSignature, ValueError, binascii.Error):
            raise forged() from None

    def _certificate(self, url: str) -> Certificate:
        """Return a certificate that is good now; raises ValueError where it is not."""
        with self._turn:
            until_s, certificate = self._kept.get(url, (0.0, None))
            if certificate is None or time.monotonic() > until_s:
                certificate = self._fetched(url)
        if not certificate.not_valid_before_utc <= self.clock() <= certificate.not_valid_after_utc:
            raise ValueError("a certificate that is not good now")
        return certificate

    def _fetched(self, url: str) -> Certificate:
        """Fetch a certificate: others wait meanwhile, so what is forged must not have us fetch one after the other."""
        now_s = time.monotonic()
        if len(self._fetched_s) == FETCHED_MOST and now_s - self._fetched_s[0] < FETCHED_WITHIN_S:
            raise unavailable("The signature cannot be checked just now.")
        self._fetched_s.append(now_s)
        try:
            certificate = load_pem_x509_certificate(self.fetch(url))
        except OSError:
            raise unavailable("The signature cannot be checked just now.") from None
        if len(self._kept) >= KEPT_MOST:
            self._kept.clear()
        self._kept[url] = time.monotonic() + KEPT_FOR_S, certificate
        return certificate
