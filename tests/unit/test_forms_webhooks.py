"""The list `webhooks` of a form."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms import FormSecrets, FormsError, Header, NoSecret, Webhook, find_warnings, missing
from shared.forms.file import parse
from shared.forms.webhook import ACCEPTED, RELEASED
from support.webhooks import SECRET

PLACE = Path("forms.toml")
MANY = ", ".join(f"X{number} = 'a'" for number in range(21))
CRM = f'url = "https://crm.example.org/"\nsecret = "{SECRET}"\n'


def of(text: str) -> tuple[Webhook, ...]:
    return parse(text.encode(), PLACE)["a"].webhooks


def one(text: str) -> str:
    """Return a form with one webhook of the list, whose first key stands in line 2."""
    return f"[[forms.a.webhooks]]\n{text}"


def error_of(text: str) -> str:
    with pytest.raises(FormsError) as raised:
        of(text)
    return str(raised.value)


def test_a_form_has_any_number_of_webhooks_beside_the_one_of_before() -> None:
    text = f'[forms.a.webhook]\nurl = "https://owner.example.org/"\nsecret = "{SECRET}"\n'
    text += (
        one(f'name = "crm"\n{CRM}') + '[[forms.a.webhooks]]\nname = "Chat-2"\nurl = "https://b/"\nsecret_file = "b"\n'
    )
    form = parse(text.encode(), PLACE)["a"]
    assert [hook.name for hook in form.every_webhook] == ["owner", "crm", "Chat-2"]
    assert form.webhooks[1] == Webhook("https://b/", secret_file="b", name="Chat-2", events=(ACCEPTED,))
    assert form.tells_owner


def test_events_and_headers_are_read() -> None:
    text = 'events = ["submission.released", "submission.accepted"]\n'
    text += '[forms.a.webhooks.headers]\nX-Team = "sales, north"\nAuthorization = {file = "crm_token"}\n'
    [hook] = of(one(f'name = "crm"\n{CRM}{text}'))
    assert hook.events == (RELEASED, ACCEPTED)
    assert hook.headers == (Header("X-Team", "sales, north"), Header("Authorization", file="crm_token"))
    assert "sales" not in repr(hook), "a value may be a secret"


def test_one_that_is_switched_off_is_none_and_keeps_its_name() -> None:
    assert of(one(f'name = "crm"\nenabled = false\n{CRM}')) == ()
    assert parse(one(f'name = "crm"\nenabled = false\n{CRM}').encode(), PLACE)["a"].every_webhook == ()
    twice = one(f'name = "crm"\nenabled = false\n{CRM}') + one(f'name = "CRM"\n{CRM}')
    assert error_of(twice) == "forms.toml:7: forms.a.webhooks.1.name: another webhook of this form has this name"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CRM, "1: forms.a.webhooks.0.name: a webhook of this list needs a name"),
        (
            f'name = "owner"\n{CRM}',
            "2: forms.a.webhooks.0.name: this is the name of the webhook of the section webhook",
        ),
        (f'name = "a b"\n{CRM}', "2: forms.a.webhooks.0.name: a webhook's name is letters, digits, - and _"),
        (f'name = "{"a" * 41}"\n{CRM}', "2: forms.a.webhooks.0.name: a webhook's name is letters"),
        ('name = "crm"\nurl = "https://a/"', "1: forms.a.webhooks.0: expected secret, or secret_file"),
        (f'name = "crm"\n{CRM}events = []', "5: forms.a.webhooks.0.events: "),
        (
            f'name = "crm"\n{CRM}events = ["submission.opened"]',
            "5: forms.a.webhooks.0.events.0: expected submission.acc",
        ),
        (f'name = "crm"\n{CRM}heders = {{}}', "5: forms.a.webhooks.0.heders: there is no such key; there are: url"),
        (f'name = "crm"\n{CRM}headers = 1', "5: forms.a.webhooks.0.headers: expected a table of headers"),
        (f'name = "crm"\n{CRM}headers.host = "b"', "5: forms.a.webhooks.0.headers.host: this header is ours"),
        (
            f'name = "crm"\n{CRM}headers.Webhook-Id = "b"',
            "5: forms.a.webhooks.0.headers.Webhook-Id: this header is ours",
        ),
        (f'name = "crm"\n{CRM}headers."X Y" = "b"', "5: forms.a.webhooks.0.headers.X Y: a header's name is"),
        (f'name = "crm"\n{CRM}headers."X:" = "b"', "5: forms.a.webhooks.0.headers.X:: a header's name is"),
        (f'name = "crm"\n{CRM}headers.X = "a\\r\\nY: b"', "5: forms.a.webhooks.0.headers.X: one line only"),
        (
            f'name = "crm"\n{CRM}headers.X = " a"',
            "5: forms.a.webhooks.0.headers.X: expected visible characters of ASCII",
        ),
        (f'name = "crm"\n{CRM}headers.X = ""', "5: forms.a.webhooks.0.headers.X: expected visible characters of ASCII"),
        (f'name = "crm"\n{CRM}headers.X = "Grüße"', "5: forms.a.webhooks.0.headers.X: expected visible characters"),
        (
            f'name = "crm"\n{CRM}headers.X = {{env = "A"}}',
            "5: forms.a.webhooks.0.headers.X: expected a text, or {file =",
        ),
        (f'name = "crm"\n{CRM}headers.X = 1', "5: forms.a.webhooks.0.headers.X: "),
        (
            f'name = "crm"\n{CRM}headers = {{X = "a", x = "b"}}',
            "5: forms.a.webhooks.0.headers: a header stands here twice",
        ),
        (
            f'name = "crm"\n{CRM}headers = {{{MANY}}}',
            "5: forms.a.webhooks.0.headers: expected 20 headers at most",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    assert error_of(one(text)).startswith(f"forms.toml:{says}")


OURS = [
    *("Connection", "CONTENT-LENGTH", "content-type", "Content-Encoding", "Expect", "Host", "Keep-Alive", "TE"),
    *("Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "webhook-signature", "webhook-anything"),
]


@pytest.mark.parametrize("name", OURS)
def test_a_header_that_is_ours_is_refused(name: str) -> None:
    assert "this header is ours" in error_of(one(f'name = "crm"\n{CRM}headers.{name} = "b"'))


def test_a_wrong_value_is_not_shown() -> None:
    assert "hunter2" not in error_of(one(f'name = "crm"\n{CRM}headers.Authorization = "Bearer hunter2\u00e9"'))


def test_all_errors_are_named_at_once() -> None:
    text = one(f'name = "crm"\n{CRM}headers.Host = "b"\n') + one(f'name = "crm"\n{CRM}events = ["x"]\n')
    assert [line.split(": ")[1] for line in error_of(text).splitlines()] == [
        "forms.a.webhooks.0.headers.Host",
        "forms.a.webhooks.1.name",
        "forms.a.webhooks.1.events.0",
    ]


def test_a_form_has_ten_at_most() -> None:
    text = "".join(one(f'name = "n{number}"\n{CRM}') for number in range(10))
    assert len(of(text)) == 10
    assert "expected 10 webhooks at most, not 11" in error_of(text + one(f'name = "more"\n{CRM}'))
    assert "expected [[forms.….webhooks]]" in error_of('[forms.a]\nwebhooks = "https://a/"')
    assert "expected [[forms.….webhooks]]" in error_of(f'[forms.a.webhooks]\nname = "crm"\n{CRM}')


SECRETS = """[forms.a]
[forms.a.webhook]
url = "https://a/"
secret_file = "one"
[[forms.a.webhooks]]
name = "off"
enabled = false
url = "https://b/"
secret_file = "none"
[[forms.a.webhooks]]
name = "crm"
url = "https://b/"
secret_file = "two"
[forms.a.webhooks.headers]
X-Plain = "a"
Authorization = {file = "three"}
"""


def test_every_secret_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    secrets = FormSecrets(tmp_path)
    said = find_warnings(SECRETS.encode(), PLACE, secrets, ["webhook"])
    assert [line.partition(": the file cannot be read")[0] for line in said] == [
        "forms.toml:4: warning: forms.a.webhook.secret_file",
        "forms.toml:13: warning: forms.a.webhooks.1.secret_file",
        "forms.toml:16: warning: forms.a.webhooks.1.headers.Authorization",
    ]
    assert len(missing(parse(SECRETS.encode(), PLACE), secrets, ["webhook"])) == 3
    for name in ("one", "two"):
        (tmp_path / name).write_text(SECRET)
    (tmp_path / "three").write_text("Bearer hunter2")
    assert find_warnings(SECRETS.encode(), PLACE, secrets, ["webhook"]) == []


@pytest.mark.parametrize("content", ["a\nb", "Grüße", "", "a\tb"])
def test_a_file_holds_the_value_of_a_header_in_one_line_of_ascii(tmp_path: Path, content: str) -> None:
    secrets = FormSecrets(tmp_path)
    hook = Webhook("https://a/", secret=SECRET, headers=(Header("X", "plain"), Header("Authorization", file="key")))
    (tmp_path / "key").write_text(" Bearer abc \n")
    assert secrets.headers_of(hook) == {"X": "plain", "Authorization": "Bearer abc"}
    (tmp_path / "key").write_text(content)
    with pytest.raises(NoSecret):
        secrets.headers_of(hook)
