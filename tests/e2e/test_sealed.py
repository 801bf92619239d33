"""A sealed value is nowhere: with the databases, the broker's files and storage's memory in hand, nobody finds it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import requests

from dev.broker import Broker
from dev.mail_sink import MailSink
from support.installation import Installation
from support.polling import eventually
from support.terminal import Terminal

FORMS = """
[forms.refund]
title = "Refund"
[forms.refund.fields]
name = {type = "text"}
email = {type = "email"}
iban = {type = "text", sensitive = true}
[forms.refund.owner]
to = "owner@example.org"
"""
CANARY = "DE75512108001245126199-sealed-canary"
IN_THE_CLEAR = "Ada-in-the-clear-Lovelace"
SUBMISSIONS = 20


@pytest.fixture
def installation(tmp_path: Path, rabbitmq: Broker, mail_sink: MailSink) -> Iterator[Installation]:
    forms = tmp_path / "forms.toml"
    forms.write_text(FORMS)
    url = rabbitmq.fresh_vhost()
    with Installation(tmp_path / "run", broker_url=url, smtp_url=mail_sink.url, forms=forms, consoles=1) as made:
        yield made


def test_nobody_finds_it_and_an_owner_reads_it(
    installation: Installation, rabbitmq: Broker, mail_sink: MailSink, tmp_path: Path
) -> None:
    for number in range(SUBMISSIONS):
        fields = {"name": IN_THE_CLEAR, "email": f"ada+{number}@example.org", "iban": CANARY}
        answer = requests.post(f"{installation.gateway_url}/f/refund", json=fields, timeout=10)
        assert answer.status_code == 202, answer.text
    accepted = answer.json()
    eventually(partial(is_confirmed, installation, accepted["receipt_url"]), 60, "the last one is confirmed")
    assert_nowhere("the memory of storage", memory_of(installation.storage[0].pid))
    assert_nowhere("the memory of notify", memory_of(installation.notify[0].pid))
    assert_nowhere("the installation's files and the mails", contents(tmp_path))
    assert_nowhere("the broker's files", contents(Path(rabbitmq.directory)))
    address = f"{installation.gateway_url}/v1/submissions/{accepted['id']}/sealed"
    key = {"Authorization": f"Bearer {installation.key('unseal')}"}
    assert requests.get(address, headers=key, timeout=10).json()["fields"] == {"iban": CANARY}
    terminal = Terminal(tmp_path, installation.gateway_url, installation.key("read", "export", "unseal"))
    assert CANARY not in terminal.run("show", accepted["id"]).stdout
    assert CANARY in terminal.run("show", accepted["id"], "--unseal").stdout
    assert CANARY not in terminal.run("export", "--format", "ndjson").stdout
    assert terminal.run("export", "--format", "csv", "--unseal").stdout.count(CANARY) == SUBMISSIONS


def is_confirmed(installation: Installation, url: str) -> bool:
    return installation.receipt(url)["state"] == "confirmed"


def assert_nowhere(place: str, chunks: Iterable[bytes]) -> None:
    """Fail where it is found, in the clear or as it may be written; and where what is not sealed is not found."""
    written = [CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode(), *inside_base64(CANARY)]
    is_read = False
    for chunk in chunks:
        found = [one for one in written if one in chunk]
        assert not found, f"{place}: {found[0]!r}"
        is_read = is_read or IN_THE_CLEAR.encode() in chunk
    assert is_read, f"{place}: not even what is in the clear is found: the test does not look there"


def inside_base64(text: str) -> list[bytes]:
    """Return how a text is written in the middle of Base64: it may begin at three places."""
    return [base64.b64encode(b"\0" * at + text.encode())[(at and 4) : -4] for at in range(3)]


def contents(directory: Path) -> Iterator[bytes]:
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with suppress(FileNotFoundError):
                yield path.read_bytes()


def memory_of(pid: int) -> Iterator[bytes]:
    """Yield all that a process has in its memory and may write to, as a dump of it would have it."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in lines:
            span, rights, *_ = line.split()
            begin, end = (int(each, 16) for each in span.split("-"))
            if not rights.startswith("rw"):
                continue
            with suppress(OSError):  # some of the kernel's own
                memory.seek(begin)
                yield memory.read(end - begin)
