"""Counts the delivered mails by address, from a directory of .eml files or from a mail sink's JSON."""

from __future__ import annotations

from collections import Counter
from email.parser import HeaderParser
from email.utils import getaddresses
from itertools import takewhile
from pathlib import Path

import requests

from counterfoil_ledger.api import CannotAsk

TIMEOUT_S = 60


def mail_counts(source: str) -> Counter[str]:
    """Return how many mails each address got; `source` is a directory, or the address of a sink's web page.

    The page is MailDev's, which lists the mails at /api/email, before its version 3 at /email; or that of `make run`,
    which does as the older. Raises `CannotAsk`.
    """
    if source.startswith(("http://", "https://")):
        return _from_page(source.rstrip("/"))
    directory = Path(source)
    if not directory.is_dir():
        raise CannotAsk(f"--mails: {source} is neither a directory nor an http address")
    return Counter(address for path in directory.glob("*.eml") for address in _recipients(path))


def _from_page(url: str) -> Counter[str]:
    try:
        answer = requests.get(f"{url}/api/email", timeout=TIMEOUT_S)
        if not answer.ok:
            answer = requests.get(f"{url}/email", timeout=TIMEOUT_S)
        answer.raise_for_status()
        return Counter(to["address"] for mail in answer.json() for to in mail["envelope"]["to"])
    except (requests.RequestException, KeyError, TypeError) as error:
        raise CannotAsk(f"--mails: {url} does not list mails as MailDev does: {error}") from error


def _recipients(path: Path) -> list[str]:
    """Return whom a mail was brought to: the envelope where the sink noted it, else its `To`."""
    with path.open(encoding="utf-8", errors="replace") as file:
        head = HeaderParser().parsestr("".join(takewhile(str.strip, file)), headersonly=True)
    envelope = head.get("X-Envelope-To")
    return [address for _, address in getaddresses([str(envelope or head.get("To", ""))]) if address]
