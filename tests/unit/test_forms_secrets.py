"""The secrets that forms name by a file: what is read, and that nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.forms import Captcha, FormSecrets, NoSecret, Webhook
from shared.forms.secrets import BYTES_MOST
from support.webhooks import SECRET

OTHER = SECRET.replace("A", "B")
ELSEWHERE = "what is none of the forms' business"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder, with a secret of the installation's own beside it, as Compose has it."""
    made = tmp_path / "secrets" / "forms"
    made.mkdir(parents=True)
    (tmp_path / "secrets" / "database_url").write_text(ELSEWHERE)
    return made


def captcha(folder: Path, name: str) -> str | None:
    return FormSecrets(folder).of_captcha(Captcha("hcaptcha", secret_file=name))


def webhook(folder: Path, name: str) -> list[str]:
    return FormSecrets(folder).of_webhook(Webhook("https://owner.example.org/", secret_file=name))


@pytest.mark.parametrize(
    "written", ["key", "./key", "below/../key", "{folder}/key", "link", "below/link", "{folder}/key/../key"]
)
@pytest.mark.parametrize("content", ["a secret", "a secret\n", "\n  a secret \r\n", "\ufeffa secret\n"])
def test_a_secret_of_one_line_is_read_by_its_name_in_the_folder_or_its_whole_path(
    folder: Path, written: str, content: str
) -> None:
    (folder / "key").write_text(content, encoding="utf-8", newline="")
    (folder / "below").mkdir()
    (folder / "link").symlink_to("key")
    (folder / "below" / "link").symlink_to("../link")
    assert captcha(folder, written.format(folder=folder)) == "a secret"


def test_a_folder_of_a_cluster_which_is_links_throughout_is_read(folder: Path, tmp_path: Path) -> None:
    """As Kubernetes mounts a Secret, here below a folder that is itself a link."""
    (folder / "..2026").mkdir()
    (folder / "..2026" / "key").write_text("a secret")
    (folder / "..data").symlink_to("..2026")
    (folder / "key").symlink_to("..data/key")
    (tmp_path / "named").symlink_to(folder)
    assert captcha(tmp_path / "named", "key") == "a secret"
    assert captcha(tmp_path / "named", f"{tmp_path}/named/key") == "a secret"


def test_a_folder_that_becomes_a_link_out_while_it_is_judged_leads_nowhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "database_url").write_text("a secret")
    assert captcha(folder, "below/database_url") == "a secret"
    resolve = os.path.realpath

    def judged(path: Path) -> str:
        found = resolve(path)
        if found.endswith("database_url"):
            (folder / "below").rename(folder / "aside")
            (folder / "below").symlink_to("..")
        return found

    monkeypatch.setattr(os.path, "realpath", judged)
    with pytest.raises(NoSecret, match="cannot be read"):
        captcha(folder, "below/database_url")


OUTSIDE = [
    "../database_url",
    "{folder}/../database_url",
    "{parent}/database_url",
    "/etc/passwd",
    "/dev/zero",
    "/proc/self/environ",
    "leads-out",
    "leads-out-by-a-folder/database_url",
    "..",
    ".",
    "",
    "{folder}",
    "/",
    "{folder}-of-another/key",
]


@pytest.mark.parametrize("written", OUTSIDE)
def test_nothing_outside_of_the_folder_is_opened(folder: Path, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "leads-out").symlink_to("../database_url")
    (folder / "leads-out-by-a-folder").symlink_to("..")
    (folder.parent / "forms-of-another").mkdir()
    (folder.parent / "forms-of-another" / "key").write_text(ELSEWHERE)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    for read in (captcha, webhook):
        with pytest.raises(NoSecret, match=r"has to lie below .*forms \(COUNTERFOIL_FORM_SECRETS\)"):
            read(folder, written.format(folder=folder, parent=folder.parent))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * (BYTES_MOST + 1), f"more than {BYTES_MOST} bytes"),
        (b"one\ntwo\nthree", "expected .* of text"),
        (b"a\x00b", "expected .* of text"),
        (b"a\x1b[2Jb", "expected .* of text"),
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(folder: Path, content: bytes, reason: str) -> None:
    (folder / "key").write_bytes(content)
    for read in (captcha, webhook):
        with pytest.raises(NoSecret, match=reason) as raised:
            read(folder, "key")
        assert not any(word in str(raised.value) for word in ("xx", "one\n", "\x00", "\x1b"))


def test_no_more_of_a_file_is_read_than_a_secret_can_be_long(folder: Path) -> None:
    with (folder / "key").open("wb") as file:
        file.truncate(2**40)  # a terabyte of nothing
    with pytest.raises(NoSecret, match="more than"):
        captcha(folder, "key")


def test_only_a_regular_file_is_read_and_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "below").mkdir()
    with pytest.raises(NoSecret, match="no regular file"):
        captcha(folder, "pipe")
    with pytest.raises(NoSecret, match=r"no regular file|Is a directory"):
        captcha(folder, "below")


@pytest.mark.parametrize("name", ["absent", "a\0b", "n" * 300, "key/more"])
def test_one_that_is_not_there_is_named_with_its_reason(folder: Path, name: str) -> None:
    (folder / "key").write_text("a secret")
    with pytest.raises(NoSecret, match="cannot be read"):
        captcha(folder, name)


def test_a_webhook_may_have_two_lines_and_each_has_to_be_one_of_its_secrets(folder: Path) -> None:
    for between in ("\n", "\r\n", "\n \n\n"):
        (folder / "key").write_text(f"{SECRET}{between}{OTHER}\n", newline="")
        assert webhook(folder, "key") == [SECRET, OTHER]
    with pytest.raises(NoSecret, match="one line"):
        captcha(folder, "key")
    (folder / "key").write_text(f"{SECRET}\nhunter2")
    with pytest.raises(NoSecret, match="expected whsec_") as raised:
        webhook(folder, "key")
    assert "hunter2" not in str(raised.value)
