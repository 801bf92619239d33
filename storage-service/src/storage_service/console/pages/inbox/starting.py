"""Says where the forms of a new installation are, and how to send the first submission."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import request

from shared.forms.examples import command_line
from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts

SHOWN_MOST = 3

_HOST = re.compile(r"[A-Za-z0-9._\[\]:-]{1,300}")


@dataclass(frozen=True, slots=True)
class Start:
    """A form, its address, and a line for a terminal that sends to it."""

    title: str
    name: str
    url: str
    line: str


def starts(parts: Parts, who: Asker) -> list[Start]:
    """Return how to begin, for the first forms that the asker may see and that take something."""
    base = parts.public_url or _reached()
    forms = [form for form in parts.forms.values() if form.active and who.may_see(form.name)]
    urls = [f"{base}/f/{form.name}" for form in forms[:SHOWN_MOST]]
    return [Start(form.title, form.name, url, command_line(form, url)) for form, url in zip(forms, urls, strict=False)]


def _reached() -> str:
    """Return where the browser has found the gateway, as that says. Who says something else tells it to themselves."""
    host = request.headers.get("X-Forwarded-Host") or request.host
    scheme = "https" if request.headers.get("X-Forwarded-Proto") == "https" else "http"
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else ""
