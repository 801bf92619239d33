"""Which mails the ledger counts, wherever it looks: a mail to a form's owner is no confirmation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil_ledger.mails import mail_counts
from dev.mail_page import MailPage
from dev.processes import free_port

MAILS = {
    "ada@example.org": "auto-replied",
    "owner@example.org": "auto-generated",
    "grace@example.org": None,
}


@pytest.fixture(params=["directory", "page"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    for number, (address, kind) in enumerate(MAILS.items()):
        said = f"Auto-Submitted: {kind}\n" if kind else ""
        (tmp_path / f"{number}.eml").write_text(f"X-Envelope-To: {address}\nTo: {address}\nSubject: x\n{said}\nx\n")
    if request.param == "directory":
        yield str(tmp_path)
        return
    page = MailPage(tmp_path, free_port())
    page.start()
    yield f"http://127.0.0.1:{page.port}"
    page.stop()


def test_confirmations_are_counted_and_what_tells_an_owner_is_not(place: str) -> None:
    assert mail_counts(place) == Counter({"ada@example.org": 1, "grace@example.org": 1})
