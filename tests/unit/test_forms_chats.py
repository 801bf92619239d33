"""The sections of a form that name a room in a chat, and what is taken for an address or a token there."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms import FormSecrets, FormsError, NoSecret, Room, TelegramChat, file, find_warnings, missing
from shared.forms.chats import PUSHES
from shared.forms.secrets import READERS

PATH = Path("forms.toml")
ROOMS = ["slack", "discord", "teams", "apprise"]


def form_of(text: str) -> object:
    return file.parse(f"[forms.a]\n{text}".encode(), PATH)["a"]


def errors(text: str) -> list[str]:
    with pytest.raises(FormsError) as raised:
        form_of(text)
    return [line.removeprefix("forms.toml:") for line in str(raised.value).splitlines()]


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_names_the_file_of_its_address(name: str) -> None:
    form = form_of(f'fields.n = {{type = "text"}}\n{name} = {{url_file = "room", include = ["n"]}}')
    assert getattr(form, name) == Room("room", ("n",))
    assert getattr(form_of(f'{name}.url_file = "room"'), name) == Room("room", None)
    assert getattr(form_of(f'{name} = {{url_file = "room", enabled = false}}'), name) is None


@pytest.mark.parametrize(
    ("written", "chat"), [("-1001234567890", "-1001234567890"), ('"-100"', "-100"), ('"@news_room"', "@news_room")]
)
def test_a_telegram_chat_is_a_number_or_a_name(written: str, chat: str) -> None:
    form = form_of(f'telegram = {{token_file = "bot", chat = {written}}}')
    assert form.telegram == TelegramChat("bot", chat)  # type: ignore[attr-defined]


def test_a_bot_api_of_ones_own() -> None:
    form = form_of('telegram = {token_file = "bot", chat = 5, url = "http://10.0.0.7:8081", include = []}')
    assert form.telegram == TelegramChat("bot", "5", "http://10.0.0.7:8081", ())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("slack = {}", "2: forms.a.slack.url_file: expected the name of a file that holds the address of a webhook"),
        ("telegram = {chat = 1}", "2: forms.a.telegram.token_file: expected the name of a file that holds the token"),
        ('telegram.token_file = "x"', "2: forms.a.telegram.chat: expected the number of a chat"),
        ('telegram = {token_file = "x", chat = "a b"}', "2: forms.a.telegram.chat: expected the number of a chat"),
        ('telegram = {token_file = "x", chat = true}', "2: forms.a.telegram.chat: "),
        ('telegram = {token_file = "x", chat = 1, url = "ftp://x"}', "2: forms.a.telegram.url: expected a web address"),
        (
            'telegram = {token_file = "x", chat = 1, url = "https://x/?a"}',
            "2: forms.a.telegram.url: expected an address w",
        ),
        (
            'slack = {url_file = "x", url = "https://x"}',
            "2: forms.a.slack.url: there is no such key; there are: include",
        ),
        ('slack = {url_file = ""}', "2: forms.a.slack.url_file: "),
        ('slack = {url_file = "x", include = "n"}', "2: forms.a.slack.include: "),
        ('slack = {url_file = "x", enabled = "no"}', "2: forms.a.slack.enabled: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(line: str, error: str) -> None:
    [found] = errors(line)
    assert found.startswith(error)


@pytest.mark.parametrize("name", [*ROOMS, "telegram"])
def test_what_is_included_is_a_field_of_the_form(name: str) -> None:
    key = 'token_file = "x", chat = 1' if name == "telegram" else 'url_file = "x"'
    section = f'{name} = {{{key}, include = ["n", "m", "o"]}}'
    assert errors(f'fields.n = {{type = "text"}}\n{section}') == [
        f"3: forms.a.{name}.include: m is no field of this form; its fields: n",
        f"3: forms.a.{name}.include: o is no field of this form; its fields: n",
    ]
    assert form_of(section), "a form without fields takes any"
    assert form_of(f'unknown = "keep"\nfields.n = {{type = "text"}}\n{section}')


ADDRESSES = {
    "slack": ["https://hooks.slack.com/services/T0/B0/x", "http://127.0.0.1:8080/services/T0/B0/x"],
    "discord": [
        "https://discord.com/api/webhooks/1/a-b_c",
        "https://discordapp.com/api/v10/webhooks/1/x?thread_id=5",
    ],
    "teams": [
        "https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?api-version=1&sig=x",
        "https://default1.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/x",
    ],
    "telegram": ["123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"],
    "apprise": ["ntfys://ntfy.example.org/topic", "gotifys://gotify.example.org/token", "pover://user@token"],
}
WRONG = {
    "slack": [
        ("https://hooks.slack.com/workflows/T0/x", "the address of an incoming webhook"),
        ("hooks.slack.com/services/T0/B0/x", "begins with https://"),
        ("https://u:p@hooks.slack.com/services/x", "a user and a password"),
    ],
    "discord": [
        ("https://discord.com/channels/1/2", "the address of a webhook"),
        ("https://discord.com/api/webhooks/1", "the address of a webhook"),
    ],
    "teams": [
        ("https://example.webhook.office.com/webhookb2/x/IncomingWebhook/y/z", "which Microsoft has retired"),
        ("https://outlook.office.com/webhook/x", "which Microsoft has retired"),
        ("https:///x", "expected a host"),
    ],
    "telegram": [
        ("bot123456:ABC-DEF1234ghIkl", "the token of a bot"),
        ("123456:ABC-DEF1234/../../x", "the token of a bot"),
        ("https://api.telegram.org/bot1:x", "the token of a bot"),
    ],
    "apprise": [
        ("file:///etc/passwd", "begins with one of ntfy"),
        ("mailto://user:pass@example.org", "begins with one of ntfy"),
        ("ntfy.sh/topic", "a URL of Apprise"),
        ("ntfys://" + "x" * 2000, "2000 characters at most"),
    ],
}


@pytest.mark.parametrize(("table", "secret"), [(table, one) for table, found in ADDRESSES.items() for one in found])
def test_a_good_secret_is_read(tmp_path: Path, table: str, secret: str) -> None:
    (tmp_path / "room").write_text(secret + "\n")
    assert FormSecrets(tmp_path).of_chat(table, Room("room")) == secret


@pytest.mark.parametrize(
    ("table", "secret", "reason"), [(table, *one) for table, found in WRONG.items() for one in found]
)
def test_a_wrong_secret_is_refused_and_not_shown(tmp_path: Path, table: str, secret: str, reason: str) -> None:
    (tmp_path / "room").write_text(secret)
    with pytest.raises(NoSecret, match=reason) as raised:
        FormSecrets(tmp_path).of_chat(table, Room("room"))
    assert secret not in str(raised.value)


def test_every_scheme_that_may_be_used_is_read(tmp_path: Path) -> None:
    for scheme in PUSHES:
        (tmp_path / "room").write_text(f"{scheme}://somewhere/x")
        assert FormSecrets(tmp_path).of_chat("apprise", Room("room"))


TEXT = """[forms.a]
slack.url_file = "one"
discord.url_file = "two"
teams.url_file = "three"
telegram = {token_file = "four", chat = 1}
apprise.url_file = "five"
"""


def test_a_missing_secret_is_warned_of_at_its_key(tmp_path: Path) -> None:
    tables, content = list(READERS), TEXT.encode()
    found = find_warnings(content, PATH, FormSecrets(tmp_path), tables)
    assert [line.split(": ")[2] for line in found] == [
        "forms.a.slack.url_file",
        "forms.a.discord.url_file",
        "forms.a.teams.url_file",
        "forms.a.telegram.token_file",
        "forms.a.apprise.url_file",
    ]
    needed = f"notify needs it in {tmp_path}, and its messages wait meanwhile, three days at most"
    assert all(line.endswith(needed) for line in found)
    (tmp_path / "one").write_text(ADDRESSES["slack"][0])
    assert len(missing(file.parse(content, PATH), FormSecrets(tmp_path), tables)) == 4
