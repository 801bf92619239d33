"""One click in a mail program, from a gateway to the next mail that is not sent, and back by an owner."""

from __future__ import annotations

from typing import Any

import requests

from dev.mail_sink import MailSink
from shared.links.addresses import AddressKey
from shared.links.unsubscribe import PATH, Unsubscribe, UnsubscribeLinks
from support.installation import Installation
from support.polling import eventually
from support.visitor import JSON

HER = "grace@stops.example.org"
"""Of no other test: all mail to it stops."""


class Asking:
    """A visitor who posts, and an owner who asks with a key."""

    def __init__(self, installation: Installation) -> None:
        self.url = installation.gateway_url
        self._headers = {"Authorization": f"Bearer {installation.key('read', 'write', 'operate')}"}

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{self.url}/v1/{path}", headers=self._headers, timeout=20, **options)

    def submit(self, **fields: str) -> tuple[str, str]:
        """Return the id of a submission, and the address of its receipt."""
        answer = requests.post(f"{self.url}/f/signup", json={"email": HER, **fields}, headers=JSON, timeout=10)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"]), str(answer.json()["receipt_url"])

    def known(self) -> list[dict[str, Any]]:
        """Return what stands there of the address; nothing while notify does not answer."""
        found: list[dict[str, Any]] = (
            self.ask("POST", "suppressions/find", json={"address": HER}).json().get("suppressions", [])
        )
        return found

    def failed(self) -> set[str]:
        """Return the submissions that owners find among what failed."""
        return {one["id"] for one in self.ask("GET", "submissions?q=is:failed").json()["submissions"]}

    def delivery(self, key: str) -> dict[str, Any]:
        """Return the delivery of a submission's confirmation; an empty one until there is one."""
        answer = self.ask("GET", f"submissions/{key}")
        found: list[dict[str, Any]] = answer.json()["deliveries"] if answer.status_code == 200 else []
        return found[0] if found else {"state": None}


def mails(sink: MailSink) -> int:
    """Return how many mails the address got, however it is written."""
    return sum("@stops.example.org" in str(mail["To"]).lower() for mail in sink.messages())


def test_who_clicks_once_is_sent_no_more_until_an_owner_takes_it_back(
    whole: Installation, whole_sink: MailSink
) -> None:
    asking = Asking(whole)
    first, _ = asking.submit(name="one")
    eventually(lambda: asking.delivery(first)["state"] == "sent", 60, "the first mail is sent")
    secret = whole.secret
    link = Unsubscribe(AddressKey(secret).of(HER), "", "all", "g…@stops.example.org")
    url = f"{asking.url}{PATH}{UnsubscribeLinks(secret).sign(link)}"
    assert requests.get(url, timeout=10).status_code == 200
    assert asking.known() == [], "a scanner has only looked"
    clicked = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=10, allow_redirects=False)
    assert clicked.status_code == 200
    eventually(asking.known, 60, "notify has it")
    second, receipt = asking.submit(name="two", email="Grace+news@Stops.Example.org")
    eventually(lambda: asking.delivery(second)["state"] == "suppressed", 60, "the second is not sent")
    assert "wants no such mail any more" in asking.delivery(second)["reason"]
    shown = requests.get(receipt, headers=JSON, timeout=10).json()
    assert [(one["state"], one["attempts"]) for one in shown["confirmations"]] == [("failed", 1)]
    assert "suppress" not in str(shown)
    assert mails(whole_sink) == 1
    eventually(lambda: second in asking.failed(), 60, "it is among what failed")
    [known] = asking.known()
    assert asking.ask("DELETE", f"suppressions/{known['id']}").status_code == 204
    sent = asking.ask("POST", f"submissions/{second}/deliveries", json={"channel": "email"})
    assert sent.json() == {"requested": 1}, sent.text
    eventually(lambda: mails(whole_sink) == 2, 60, "it is sent again")
