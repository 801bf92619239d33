"""Renders the page of a receipt."""

from __future__ import annotations

from flask import Response

from gateway.pages.renderer import Pages
from gateway.receipts.progress import Progress
from shared.forms import Form


def receipt_page(pages: Pages, progress: Progress, form: Form | None, token: str) -> Response:
    """Return the page that shows how far a submission has come, and none of its values."""
    return pages.page("receipt.html", 200, progress=progress, title=form.title if form else None, token=token)
