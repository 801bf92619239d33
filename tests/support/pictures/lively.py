"""Does to an installation what people do: they submit, also oddly, and its owners work on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pika
import requests

from shared.messaging.topology import STORAGE
from support.installation import Installation
from support.polling import eventually

ARABIC = {
    "name": "آدا لوفلايس",
    "email": "ada@example.org",
    "topic": "A question",
    "message": "متى تبدأ الدورة القادمة؟ رقم هاتفي +49 30 1234567، وعنواني forms@example.org.\nشكراً!",  # noqa: RUF001 - it is Arabic
}
HOSTILE = {
    "name": "<script>alert(1)</script>",
    "email": "ada@example.org",
    "topic": "A fault",
    "message": "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 12 + "\n\u202eesrever\n" + "\U0001f39f" * 20,
}
REFUSED = {"name": "Mary Somerville", "email": "nobody@example.org"}
PLAIN = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "topic": "A question",
    "message": "I should like to know when the next course begins.\nIs there a place left?",
}


def submit(installation: Installation, form: str, fields: dict[str, Any]) -> str:
    """Post to a form, and return the submission's id."""
    answer = requests.post(f"{installation.gateway_url}/f/{form}", json=fields, timeout=10)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def enliven(installation: Installation) -> dict[str, str]:
    """Bring about everything that a page can show; returns the ids of what pages are taken of, by name."""
    owner = _Owner(installation)
    made = {"plain": submit(installation, "contact", PLAIN)}
    # first, because an address gets no more than some mails in a while
    eventually(lambda: owner.has(made["plain"], "sent"), 60, "a mail was sent")
    made |= {
        name: submit(installation, "contact", fields) for name, fields in (("arabic", ARABIC), ("hostile", HOSTILE))
    }
    made["refused"] = submit(installation, "signup", REFUSED)
    submit(installation, "signup", {"name": "Robot", "email": "ada@example.org", "_gotcha": "filled"})
    for _ in range(3):
        submit(installation, "signup", {"name": "Often", "email": "often@example.org"})
    installation.queues.publish("", STORAGE.name, b"no JSON", pika.BasicProperties(message_id="odd", delivery_mode=2))
    eventually(lambda: owner.has(made["refused"], "failed"), 60, "a mail was refused")
    eventually(installation.parked, 60, "a message is parked")
    for change in _work(made["plain"]):
        owner.send(*change)
    return made


def _work(one: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    here = f"/v1/submissions/{one}"
    yield "PATCH", here, {"status": "open", "labels": ["urgent", "course"], "starred": True}
    yield "POST", f"{here}/notes", {"text": "Asked the office.\nThey say: there is one."}
    yield "POST", "/v1/views", {"name": "Urgent", "query": "label:urgent", "shared": True}


class _Owner:
    def __init__(self, installation: Installation) -> None:
        self._url = installation.gateway_url
        self._headers = {"Authorization": f"Bearer {installation.key('read', 'write', 'export')}"}

    def send(self, method: str, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(method, self._url + path, json=document, headers=self._headers, timeout=20)
        assert answer.ok, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def has(self, one: str, state: str) -> bool:
        found = requests.get(f"{self._url}/v1/submissions/{one}", headers=self._headers, timeout=20)
        return found.ok and any(each["state"] == state for each in found.json().get("deliveries", ()))
