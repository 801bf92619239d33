"""Counts the delivered mails by address, from a directory of .eml files or from a mail sink's JSON."""

from __future__ import annotations

from collections import Counter
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses
from itertools import takewhile
from pathlib import Path

import requests

from counterfoil_ledger.api import CannotAsk

TIMEOUT_S = 60


def mail_counts(source: str) -> Counter[str]:
    """Return how many confirmations each address got; `source` is a directory, or the address of a sink's web page.

    What tells the owner of a form says that it is no answer (`Auto-Submitted: auto-generated`), and is not among them.
    The page is MailDev's, which lists the mails at /api/email, before its version 3 at /email; or that of `make run`,
    which does as the older. Raises `CannotAsk`.
    """
    if source.startswith(("http://", "https://")):
        return _from_page(source.rstrip("/"))
    directory = Path(source)
    if not directory.is_dir():
        raise CannotAsk(f"--mails: {source} is neither a directory nor an http address")
    heads = (_head(path) for path in directory.glob("*.eml"))
    return Counter(
        address for head in heads if not _is_for_owner(head.get("Auto-Submitted")) for address in _recipients(head)
    )


def _from_page(url: str) -> Counter[str]:
    try:
        answer = requests.get(f"{url}/api/email", timeout=TIMEOUT_S)
        if not answer.ok:
            answer = requests.get(f"{url}/email", timeout=TIMEOUT_S)
        answer.raise_for_status()
        mails = [one for one in answer.json() if not _is_for_owner(one.get("headers", {}).get("auto-submitted"))]
        return Counter(to["address"] for mail in mails for to in mail["envelope"]["to"])
    except (requests.RequestException, KeyError, TypeError, AttributeError) as error:
        raise CannotAsk(f"--mails: {url} does not list mails as MailDev does: {error}") from error


def _head(path: Path) -> Message:
    with path.open(encoding="utf-8", errors="replace") as file:
        return HeaderParser().parsestr("".join(takewhile(str.strip, file)), headersonly=True)


def _recipients(head: Message) -> list[str]:
    """Return whom a mail was brought to: the envelope where the sink noted it, else its `To`."""
    envelope = head.get("X-Envelope-To")
    return [address for _, address in getaddresses([str(envelope or head.get("To", ""))]) if address]


def _is_for_owner(auto_submitted: object) -> bool:
    return auto_submitted is not None and str(auto_submitted).strip().lower() == "auto-generated"
