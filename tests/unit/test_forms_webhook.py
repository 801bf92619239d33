"""The table `webhook` of a form."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms import FormsError, Webhook
from shared.forms.file import parse
from support.webhooks import SECRET

PLACE = Path("forms.toml")


def of(text: str) -> Webhook | None:
    return parse(f"[forms.a.webhook]\n{text}".encode(), PLACE)["a"].webhook


@pytest.mark.parametrize(
    "url",
    [
        "https://owner.example.org/hook?key=a%20b",
        "https://owner.example.org:8443",
        "http://n8n:5678/webhook/1",
        "https://[2001:db8::1]:8443/",
        "http://10.0.0.7/a_b",
    ],
)
def test_a_web_address_and_a_secret_make_a_webhook(url: str) -> None:
    assert of(f'url = "{url}"\nsecret = "{SECRET}"') == Webhook(url, secret=SECRET)
    assert of(f'url = "{url}"\nsecret_file = "/run/secrets/a"') == Webhook(url, secret_file="/run/secrets/a")


def test_one_that_is_switched_off_is_none_and_is_checked_all_the_same() -> None:
    assert of(f'enabled = false\nurl = "https://a/"\nsecret = "{SECRET}"') is None
    with pytest.raises(FormsError):
        of('enabled = false\nurl = "https://a/"')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("secret_file = 'x'", "1: forms.a.webhook.url: a webhook needs a url"),
        ("secret_file = 'x'\nurl = 'ftp://a/'", "3: forms.a.webhook.url: expected a web address that begins with https://"),
        ("secret_file = 'x'\nurl = 'https://bücher.example/'", "3: forms.a.webhook.url: expected a web address"),
        ("secret_file = 'x'\nurl = 'https://a/ b'", "3: forms.a.webhook.url: expected a web address"),
        (r'secret_file = "x"' + "\n" + r'url = "https://a/\r\nX: y"', "3: forms.a.webhook.url: one line only"),
        ("secret_file = 'x'\nurl = 'https:///path'", "3: forms.a.webhook.url: expected a host after https://"),
        ("secret_file = 'x'\nurl = 'https://[::1/'", "3: forms.a.webhook.url: expected a host after https://"),
        ("secret_file = 'x'\nurl = 'https://a:99999/'", "3: forms.a.webhook.url: expected a host after https://"),
        ("secret_file = 'x'\nurl = 'https://a:0/'", "3: forms.a.webhook.url: expected a host after https://"),
        ("secret_file = 'x'\nurl = 'https://u:p@a/'", "3: forms.a.webhook.url: a user and a password in the address"),
        ("secret_file = 'x'\nurl = 'https://a/#b'", "3: forms.a.webhook.url: what follows # is never sent"),
        ("url = 'https://a/'", "1: forms.a.webhook: expected secret, or secret_file"),
        (f"url = 'https://a/'\nsecret = '{SECRET}'\nsecret_file = 'x'", "1: forms.a.webhook: expected secret, or"),
        ("url = 'https://a/'\nsecret = 'hunter2'", "3: forms.a.webhook.secret: expected whsec_ and 24 to 64 random"),
        ("url = 'https://a/'\nsecret = 'whsec_c2hvcnQ='", "3: forms.a.webhook.secret: expected whsec_ and 24 to 64"),
        (f"url = 'https://a/'\nsecret = '{SECRET[6:]}'", "3: forms.a.webhook.secret: expected whsec_ and 24 to 64"),
        (f"url = 'https://a/'\nsecret = '{SECRET}'\nto = 1", "4: forms.a.webhook.to: there is no such key; there are:"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(FormsError) as raised:
        of(text)
    assert str(raised.value).startswith(f"forms.toml:{says}")
    assert "hunter2" not in str(raised.value)


def test_a_secret_is_not_shown_where_a_form_is() -> None:
    assert SECRET not in repr(of(f'url = "https://a/?key=1"\nsecret = "{SECRET}"'))
