"""What an owner is shown of a form's definition: all that it says, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms.file import parse
from shared.forms.shown import HIDDEN, lines_of
from support.webhooks import SECRET

EVERYTHING = f"""
[forms.all]
title = "All of it"
allowed_origins = ["https://example.org", "https://*.example.org"]
redirect = "https://example.org/thanks"
honeypot = "url2"
dialect = "web3forms"
access_key = "not-a-secret"
rate_limit = "5/minute"
deduplicate = "10m"
retention = "26 weeks"
spam_retention = "30 days"
retention_action = "anonymise"
language = "de"

[forms.all.fields]
name = {{type = "text", required = true}}
email = {{type = "email"}}

[forms.all.captcha]
provider = "turnstile"
secret = "hidden-captcha"

[forms.all.confirmation]
subject = "Thank you, {{name}}"

[forms.all.owner]
to = ["ada@example.org", "bob@example.org"]

[forms.all.webhook]
url = "https://hooks.example.org/hidden-path?hidden=query"
secret = "{SECRET}"

[[forms.all.webhooks]]
name = "crm"
url = "https://crm.example.org/"
secret_file = "crm.txt"
headers = {{Authorization = "Bearer hidden-header", X-File = {{file = "header.txt"}}}}

[forms.all.slack]
url_file = "slack.txt"

[forms.all.telegram]
token_file = "telegram.txt"
chat = "@owners"

[[forms.all.route]]
when = "ada"
owner = ["routed@example.org"]
channels = ["slack"]
instead = true
"""


def shown(text: str) -> dict[str, str]:
    [form] = parse(text.encode(), Path("forms.toml")).values()
    return dict(lines_of(form))


def test_no_secret_is_in_it() -> None:
    found = shown(EVERYTHING)
    assert not [
        one for one in found.values() if "hidden" in one or SECRET in one or SECRET.removeprefix("whsec_") in one
    ]
    assert found["captcha.secret"] == HIDDEN
    assert found["webhook.secret"] == HIDDEN
    assert found["webhook.url"] == f"https://hooks.example.org/{HIDDEN}"
    assert found["webhooks 1.headers 1.value"] == HIDDEN


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("allowed_origins", "https://example.org, https://*.example.org"),
        ("access_key", "not-a-secret"),
        ("deduplicate", "10 minutes"),
        ("retention", "182 days"),
        ("spam_retention", "30 days"),
        ("retention_action", "anonymise"),
        ("confirmation.subject", "Thank you, {name}"),
        ("owner.to", "ada@example.org, bob@example.org"),
        ("webhooks 1.headers 1.name", "Authorization"),
        ("webhooks 1.headers 2.file", "header.txt"),
        ("webhooks 1.name", "crm"),
        ("webhooks 1.url", "https://crm.example.org/"),
        ("slack.url_file", "slack.txt"),
        ("telegram.chat", "@owners"),
        ("routes 1.when", "ada"),
        ("routes 1.owner", "routed@example.org"),
        ("routes 1.instead", "yes"),
    ],
)
def test_what_it_says_is_shown(place: str, text: str) -> None:
    assert shown(EVERYTHING)[place] == text


def test_what_a_form_leaves_as_it_is_takes_no_room() -> None:
    assert shown("[forms.a]\n") == {}
    assert shown("[forms.a]\nactive = false\n") == {"active": "no"}


def test_what_it_says_of_files_is_shown_as_people_read_it() -> None:
    text = '[forms.a]\nfiles = {undeclared = true, max_size = "2.5 MB", types = ["pdf", "image"]}\n'
    assert shown(text) == {"files.max_size": "2.5 MB", "files.types": "pdf, image", "files.undeclared": "yes"}


@pytest.mark.parametrize("digest", ["hourly", "daily 00:00", "weekly Mon 08:00 Europe/Berlin"])
def test_a_digest_is_shown_as_it_is_written(digest: str) -> None:
    form = parse(f'[forms.a.owner]\ndigest = "{digest}"'.encode(), Path("forms.toml"))["a"]
    assert ("owner.digest", digest) in lines_of(form)
