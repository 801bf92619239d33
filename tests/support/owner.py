"""Reads what the owner of some forms sees, in the API and in the mailbox."""

from __future__ import annotations

from typing import Any

import requests

from dev.mail_sink import MailSink
from support.installation import Installation
from support.polling import eventually

STORED_S = 20.0


class Owner:
    """Reads an installation's submissions with its API key. Tests use a form each, or tell theirs by the email."""

    def __init__(self, installation: Installation, sink: MailSink) -> None:
        self._installation = installation
        self._sink = sink

    def submissions(self, form: str, *, spam: bool = False) -> list[dict[str, Any]]:
        """Return the submissions of a form, newest first: those taken for spam, or all others."""
        url = f"{self._installation.gateway_url}/v1/forms/{form}/submissions?spam={str(spam).lower()}"
        answer = requests.get(url, headers={"Authorization": f"Bearer {self._installation.api_key}"}, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["submissions"]
        return found

    def stored(self, form: str, email: str, *, spam: bool = False) -> list[dict[str, Any]]:
        """Return the submissions of a form from this address."""
        return [each for each in self.submissions(form, spam=spam) if each["fields"].get("email") == email]

    def await_stored(self, form: str, email: str, *, spam: bool = False) -> dict[str, Any]:
        """Wait until a submission from this address is stored, which must be the only one, and return its fields."""
        (found,) = eventually(
            lambda: self.stored(form, email, spam=spam), STORED_S, f"a submission from {email} is stored"
        )
        fields: dict[str, Any] = found["fields"]
        return fields

    def await_mail(self, address: str) -> str:
        """Wait until a confirmation has come to an address and return its subject."""
        mails = eventually(
            lambda: [mail for mail in self._sink.messages() if mail["X-Envelope-To"] == address],
            STORED_S,
            f"a mail to {address}",
        )
        return str(mails[0]["Subject"])
