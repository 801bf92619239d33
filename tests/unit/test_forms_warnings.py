"""What a good file says that cannot work: said with its line, and taken all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import forms
from shared.forms import FormSecrets, FormsError
from shared.forms.__main__ import main
from shared.forms.file import parse

PLACE = Path("forms.toml")
ROOT = Path(__file__).parents[2]
EMAIL = 'mail = {type = "email"}'
OWN_ALONE = "this form's routes are asked of its own submissions alone: those of a"
OFF = "webhook = {url = 'https://a.example.org/', secret_file = 'a', enabled = false}"
SOME = "channels = ['owner', 'webhook:owner', 'webhook']"
NO_ROUTE = "switched off, so that no route reaches them"
NO_MAIL = "the form's mail to its owner is switched off: these addresses get none"
CHOICE = "x = {type = 'choice', choices = ['A fault', 'An order']}"
TWO = 'mail = {type = "email"}\nsecond = {type = "email"}'


def said(text: str, *tables: str, folder: Path = PLACE, has_owner_mail: bool = True) -> list[str]:
    """Return the warnings on a definition of the form `a`, without what all of them begin with."""
    content, secrets = f"[forms.a]\n{text}".encode(), FormSecrets(folder)
    found = forms.find_warnings(content, PLACE, secrets, tables, has_owner_mail=has_owner_mail)
    return [line.removeprefix("forms.toml:") for line in found]


UNCHECKED = "browsers do not check it in a text area, which a text of more than 300 characters has: see max_length"
WITHOUT_TLS = "without TLS it is asked only in the networks that COUNTERFOIL_CAPTCHA_ALLOW names"
NOBODY = "a confirmation goes to nobody, unless the page sends _replyto"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"[forms.a.fields]\n{EMAIL}\n[forms.a.confirmation]", []),
        (
            f"[forms.a.fields]\n{TWO}",
            [f"1: warning: forms.a.confirmation: none of mail, second is called email: {NOBODY}"],
        ),
        (f"[forms.a.fields]\n{TWO}\nemail = {{type = 'text'}}", []),
        (f"[forms.a.fields]\n{TWO}\n[forms.a.confirmation]\nenabled = false", []),
        (f"unknown = 'keep'\n[forms.a.fields]\n{TWO}", []),
        ("[forms.a.fields]\nname = {type = 'text'}", []),
        (
            "[forms.a.fields]\nname = {type = 'text'}\n[forms.a.confirmation]\nsubject = 'Hello'",
            [f"4: warning: forms.a.confirmation: no field is an email: {NOBODY}"],
        ),
        ("[forms.a.confirmation]\nsubject = 'Hello'", []),
        (
            "allowed_origins = ['*', 'https://www.example.org']",
            ["2: warning: forms.a.allowed_origins: with * among them any page may post: the others have no effect"],
        ),
        (
            "[forms.a.fields]\n\nx = {type = 'choice', choices = ['one', 'two', 'one']}",
            ["4: warning: forms.a.fields.x.choices: more than once: one"],
        ),
        (
            "[forms.a.fields]\nx = {type = 'integer', max_length = 3}",
            ["3: warning: forms.a.fields.x.max_length: it has no effect: integer has no length"],
        ),
        (
            f"[forms.a.fields]\n{CHOICE}\n[[forms.a.route]]\nwhen = 'a OR field.x:fualt'\nowner = ['a@b.org']",
            ["5: warning: forms.a.route.0.when: at character 6: none of its choices is such: A fault, An order"],
        ),
        (f"[forms.a.fields]\n{CHOICE}\n[[forms.a.route]]\nwhen = 'field.x:FAULT'\nowner = ['a@b.org']", []),
        (
            f"owner.enabled = false\n{OFF}\n[[forms.a.route]]\nwhen = 'x'\nowner = ['a@b.org']\n{SOME}",
            [
                f"6: warning: forms.a.route.0.owner: {NO_MAIL}",
                f"7: warning: forms.a.route.0.channels: {NO_ROUTE}: owner, webhook:owner, webhook",
            ],
        ),
        (f"{OFF.replace('false', 'true')}\n[[forms.a.route]]\nwhen = 'x'\nchannels = ['owner', 'webhook']", []),
        (
            "[[forms.a.route]]\nwhen = '-form:A form:a'\nowner = ['a@b.org']",
            [f"3: warning: forms.a.route.0.when: at character 2: {OWN_ALONE}"],
        ),
        (
            "[forms.a.fields]\nx = {type = 'text', pattern = '[a-z]*'}",
            [f"3: warning: forms.a.fields.x.pattern: {UNCHECKED}"],
        ),
        (
            "[forms.a.fields]\nx = {type = 'text', pattern = '[a-z]*', max_length = 301}",
            [f"3: warning: forms.a.fields.x.pattern: {UNCHECKED}"],
        ),
        ("[forms.a.fields]\nx = {type = 'text', pattern = '[a-z]*', max_length = 300}", []),
        ("[forms.a.fields]\nx = {type = 'tel', pattern = '[0-9]*'}", []),
        (f"confirmation.subject = '{{x}}'\n[forms.a.fields]\n{EMAIL}\nx = {{type = 'text', pattern = '.*'}}", []),
        (
            "[forms.a.fields]\nx = {type = 'email', min_length = 321}",
            ["3: warning: forms.a.fields.x.min_length: nothing is so long: email takes 320 characters at most"],
        ),
        (
            "[forms.a.fields]\nx = {type = 'url', min_length = 2001, max_length = 9000}",
            ["3: warning: forms.a.fields.x.min_length: nothing is so long: url takes 2000 characters at most"],
        ),
        ("[forms.a.fields]\nx = {type = 'email', min_length = 320}\ny = {type = 'url', min_length = 2000}", []),
        (
            "[forms.a.captcha]\nprovider = 'altcha'\nverify_url = 'http://sentinel:8080/v1/verify'",
            [f"4: warning: forms.a.captcha.verify_url: {WITHOUT_TLS}"],
        ),
        (
            "owner.reply_to = 'x'\n[forms.a.fields]\nx = {type = 'text'}",
            ["2: warning: forms.a.owner.reply_to: x is no email field: what is no address there is not replied to"],
        ),
        ("owner.reply_to = 'x'\nowner.enabled = false\n[forms.a.fields]\nx = {type = 'text'}", []),
        ("owner.reply_to = 'x'\n[forms.a.fields]\nx = {type = 'email'}", []),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_said_with_its_line(text: str, expected: list[str]) -> None:
    assert said(text) == expected


SURELY_BROKEN = [
    ("redirect = 'thanks.html'", "2: forms.a.redirect: expected a whole web address"),
    ("redirect = '/thanks'", "2: forms.a.redirect: expected a whole web address"),
    ("redirect = '//example.org/'", "2: forms.a.redirect: expected a whole web address"),
    ("redirect = 'ftp://example.org/'", "2: forms.a.redirect: expected a whole web address"),
    ("allowed_origins = ['https://www.*.org']", "2: forms.a.allowed_origins.0: 'https://www.*.org' is no origin"),
    ("allowed_origins = ['https://*example.org']", "2: forms.a.allowed_origins.0: "),
    ("allowed_origins = ['https://*']", "2: forms.a.allowed_origins.0: "),
    ("allowed_origins = ['https://*.']", "2: forms.a.allowed_origins.0: "),
    ("allowed_origins = ['*.example.org']", "2: forms.a.allowed_origins.0: "),
    ("allowed_origins = ['https://*.*.org']", "2: forms.a.allowed_origins.0: "),
    ("honeypot = 'altcha'\ncaptcha = {provider = 'altcha', secret = 'x'}", "2: forms.a.honeypot: the captcha's own"),
]


@pytest.mark.parametrize(("text", "says"), SURELY_BROKEN)
def test_what_is_surely_broken_is_an_error(text: str, says: str) -> None:
    with pytest.raises(FormsError) as raised:
        parse(f"[forms.a]\n{text}".encode(), PLACE)
    assert str(raised.value).startswith(f"forms.toml:{says}")


def test_a_webhook_without_tls_is_warned_of_where_it_stands() -> None:
    secret = f"secret = 'whsec_{'A' * 32}'"
    text = f"""
        webhook = {{url = "http://10.0.0.1/", {secret}}}
        webhooks = [
            {{name = "off", url = "http://10.0.0.2/", {secret}, enabled = false}},
            {{name = "crm", url = "http://10.0.0.3/", {secret}}},
            {{name = "far", url = "https://crm.example.org/", {secret}}},
        ]
    """
    found = [line.partition(": without TLS")[0] for line in said(text)]
    assert found == ["3: warning: forms.a.webhook.url", "6: warning: forms.a.webhooks.1.url"]


@pytest.mark.parametrize("owner", ["", "to = 'info@example.org'", "enabled = false"])
def test_a_mail_to_nobody_is_said_where_the_setting_is_known(owner: str) -> None:
    nobody = "it has no to, and notify's COUNTERFOIL_OWNER_MAIL is not set: nobody gets this mail"
    expected = [] if owner else [f"2: warning: forms.a.owner: {nobody}"]
    assert said(f"[forms.a.owner]\n{owner}", has_owner_mail=False) == expected
    assert said(f"[forms.a.owner]\n{owner}") == []


FILES = "fields.cv = {type = 'file'}"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (f"{FILES}\n[forms.a.files]\nmax_total = '12 MB'", "4: warning: forms.a.files.max_total: 12 MB"),
        (FILES, "1: warning: forms.a.files.max_total: 50 MB"),
    ],
)
def test_files_that_never_come_in_are_said_where_the_setting_is_known(text: str, at: str) -> None:
    most = 10 * 1024 * 1024
    setting = f"COUNTERFOIL_MAX_UPLOAD_BYTES is {most} (10 MB)"
    content, secrets = f"[forms.a]\n{text}".encode(), FormSecrets(PLACE)
    found = forms.find_warnings(content, PLACE, secrets, [], upload_most=most)
    assert found == [f"forms.toml:{at} never come in, the gateway's {setting}: lower the one, or raise the other"]
    assert forms.find_warnings(content, PLACE, secrets, [], upload_most=5 * most) == []
    assert forms.find_warnings(content, PLACE, secrets, []) == []


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        (f"{FILES}\n[forms.a.owner]\nattach = 'small'", True),
        (f"{FILES}\n[forms.a.owner]\nattach = 'nothing'", False),
        (f"{FILES}\n[forms.a.owner]\nattach = 'small'\nenabled = false", False),
        (FILES, False),
    ],
)
def test_files_that_no_mail_brings_are_said_where_the_setting_is_known(text: str, *, is_said: bool) -> None:
    reason = "notify's COUNTERFOIL_FILES_URL is not set: the mail links to the files, and brings none"
    expected = [f"forms.toml:4: warning: forms.a.owner.attach: {reason}"] if is_said else []
    content, secrets = f"[forms.a]\n{text}".encode(), FormSecrets(PLACE)
    assert forms.find_warnings(content, PLACE, secrets, [], can_attach=False) == expected
    assert forms.find_warnings(content, PLACE, secrets, []) == []


def test_each_part_says_which_of_its_own_secrets_it_cannot_read(tmp_path: Path) -> None:
    text = """
        captcha = {provider = "altcha", secret_file = "one"}
        webhook.url = "https://owner.example.org/"
        webhook.secret_file = "/secrets/rsvp_webhook"
    """
    [gateways] = said(text, "captcha", folder=tmp_path)
    [notifys] = said(text, "webhook", folder=tmp_path)
    assert gateways.startswith("3: warning: forms.a.captcha.secret_file: the file cannot be read: No such file")
    assert gateways.endswith(f": the gateway needs it in {tmp_path}, and does meanwhile as when_away says")
    assert notifys.startswith(f"5: warning: forms.a.webhook.secret_file: the file has to lie below {tmp_path} ")
    assert notifys.endswith(f": notify needs it in {tmp_path}, and its webhooks wait meanwhile, three days at most")
    assert said(text, "captcha", "webhook", folder=tmp_path) == [gateways, notifys]
    (tmp_path / "one").write_text("a secret")
    assert said(text, "captcha", folder=tmp_path) == []


def test_the_command_says_all_of_it_and_counts_the_forms_as_fine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_FORM_SECRETS", str(tmp_path / "secrets"))
    (tmp_path / "forms.toml").write_text(
        '[forms.a.webhook]\nurl = "https://owner.example.org/"\nsecret_file = "key"\n[forms.b]\nallowed_origins = ["*", "https://a"]'
    )
    assert main([str(tmp_path)]) == 0, "a folder is as good as the file in it"
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path}/forms.toml: 2 forms are fine: a, b\n"
    assert [line.partition(": ")[0] for line in printed.err.splitlines()] == [
        f"{tmp_path}/forms.toml:3",
        f"{tmp_path}/forms.toml:5",
    ]


def test_of_the_example_nothing_is_to_be_said() -> None:
    path = ROOT / "forms.example.toml"
    assert forms.find_warnings(path.read_bytes(), path, FormSecrets(), ["captcha", "webhook"]) == []


@pytest.mark.parametrize("key", ['subject = "x"', 'reply_to = "mail"', 'attach = "small"'])
def test_what_a_digest_leaves_out_has_no_effect(key: str) -> None:
    text = f'[forms.a.fields]\n{EMAIL}\n[forms.a.owner]\nto = "b@example.org"\n{key}\n'
    assert said(text) == []
    name = key.partition(" ")[0]
    no_effect = f"6: warning: forms.a.owner.{name}: has no effect on a digest, which is about several submissions"
    assert said(f'{text}digest = "hourly"') == [no_effect]


def test_a_digest_that_nobody_gets_is_said() -> None:
    off = '[forms.a.owner]\nenabled = false\ndigest = "hourly"'
    assert said(off) == ["4: warning: forms.a.owner.digest: with enabled = false nobody gets it"]
