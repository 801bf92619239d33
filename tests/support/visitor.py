"""Acts as a visitor: it submits the signup form, and looks at the receipt and the mailbox."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import requests

from dev.mail_sink import MailSink
from support.installation import Installation
from support.polling import eventually

JSON = {"Accept": "application/json"}
CONFIRMED_S = 30.0


class Visitor:
    """Somebody who has one mail address and submits the form `signup`."""

    def __init__(self, installation: Installation, sink: MailSink, address: str) -> None:
        self.address = address
        self.fields = {"name": "Ada Lovelace", "email": address}
        self._installation = installation
        self._sink = sink

    @property
    def form_url(self) -> str:
        """Where the form is posted to."""
        return f"{self._installation.gateway_url}/f/signup"

    def post(self, headers: dict[str, str] = JSON, **body: Any) -> requests.Response:
        """Post the form; `body` is `data`, `json` or `files` as requests takes them."""
        return requests.post(self.form_url, headers=headers, timeout=10, allow_redirects=False, **body)

    def submit(self) -> dict[str, Any]:
        """Post the form as JSON and return the answer, which must be a 202."""
        answer = self.post(json=self.fields)
        assert answer.status_code == 202, answer.text
        accepted: dict[str, Any] = answer.json()
        return accepted

    def await_confirmed(self, receipt_url: str) -> dict[str, Any]:
        """Ask for the receipt again and again until it says confirmed, and return it."""

        def confirmed() -> dict[str, Any]:
            receipt = self._installation.receipt(receipt_url)
            return receipt if receipt["state"] == "confirmed" else {}

        return eventually(confirmed, CONFIRMED_S, "the receipt says confirmed")

    def mails(self) -> list[EmailMessage]:
        """Return the mails in the mailbox."""
        return [mail for mail in self._sink.messages() if mail["X-Envelope-To"] == self.address]

    def listed(self) -> list[dict[str, Any]]:
        """Return what the form's owner sees of this visitor's submissions, newest first."""
        page = self.as_owner("/v1/forms/signup/submissions")
        return [each for each in page["submissions"] if each["fields"]["email"] == self.address]

    def as_owner(self, path: str) -> dict[str, Any]:
        """Return what the form's owner gets with the API key."""
        bearer = {"Authorization": f"Bearer {self._installation.api_key}"}
        answer = requests.get(f"{self._installation.gateway_url}{path}", headers=bearer, timeout=10)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
