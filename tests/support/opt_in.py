"""A link of a mail that asks whether an address is right, and a form that asks so, for tests of a gateway."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.receipts.tokens import Ticket
from shared.links.opt_in import LINK_GOOD_FOR, OptInLink, OptInLinks, recipient_of
from support.gateway_app import SECRET
from support.receipts import AT, LATER, TICKET

FORMS = """
[forms.signup]
title = "Sign up"
fields.name = {type = "text", required = true, max_length = 200, label = "Name"}
fields.email = {type = "email", required = true, label = "Email"}
confirmation.opt_in = true

[forms.lax]
fields.text = {type = "text"}
fields.mail = {type = "email"}
confirmation.opt_in = true

[forms.kept]
unknown = "keep"
fields.mail = {type = "email"}
confirmation.opt_in = true

[forms.nameless]
fields.text = {type = "text"}
confirmation.opt_in = true

[forms.open]
confirmation.opt_in = true

[forms.plain]
fields.email = {type = "email"}
"""

WAITING: Ticket = replace(TICKET, opt_in=True)
LINK = OptInLink(TICKET.id, "signup", AT, AT + LINK_GOOD_FOR, recipient_of("ada@example.org"))
SOON = AT + timedelta(minutes=1)


def link_path(link: OptInLink = LINK, secret: str = SECRET) -> str:
    """Return where the page of a link is."""
    return f"/opt-in/{OptInLinks(secret).sign(link)}"


def stored(opt_in: str | None = "waiting", **more: Any) -> dict[str, Any]:
    """Return what storage answers of a submission that waits, or waited."""
    opted_in_at = LATER if opt_in == "confirmed" else None
    told = {"stored_at": LATER, "accepted_at": AT.isoformat(), "fingerprint": "f" * 64, "spam": None, "erased_at": None}
    return {**told, "opt_in": opt_in, "opted_in_at": opted_in_at, **more}
