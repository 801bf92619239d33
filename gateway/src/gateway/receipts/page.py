"""Renders the page of a receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args
from uuid import uuid4

from flask import Request, Response

from gateway.pages.renderer import Pages
from gateway.receipts.again import Again
from gateway.receipts.progress import Progress
from shared.forms import Form


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for the mail again, and how often that may be done still, where it is known."""

    came: Again
    left: int | None = None


def asked_in(request: Request) -> Asked | None:
    """Return what the address of a receipt says of that; it was put there by `receipts.again`, or by anybody."""
    came = next((one for one in get_args(Again) if one == request.args.get("mail")), None)
    left = request.args.get("left", "")
    return Asked(came, int(left) if left in {"0", "1", "2"} else None) if came else None


def receipt_page(pages: Pages, progress: Progress, form: Form | None, token: str, asked: Asked | None) -> Response:
    """Return the page that shows how far a submission has come, and none of its values."""
    title = form.title if form else None
    return pages.page("receipt.html", 200, progress=progress, title=title, token=token, asked=asked, key=uuid4())
