"""Warns about forms that take files where a setting of the service lets them do less than they say."""

from __future__ import annotations

from collections.abc import Iterator

from shared.forms import positions
from shared.forms.definitions import Form
from shared.forms.uploads.sizes import size_text


def of_uploads(form: Form, upload_most: int) -> Iterator[tuple[positions.Path, str]]:
    """Say that no request may have as much as the form's files; `upload_most` is in bytes."""
    if form.files is not None and form.files.max_total > upload_most:
        total, setting = size_text(form.files.max_total), f"COUNTERFOIL_MAX_UPLOAD_BYTES is {upload_most}"
        reason = f"{total} never come in, the gateway's {setting} ({size_text(upload_most)})"
        yield ("forms", form.name, "files", "max_total"), f"{reason}: lower the one, or raise the other"


def of_attached(form: Form) -> Iterator[tuple[positions.Path, str]]:
    """Say that a form's mail brings no files, in a service that reads none."""
    owner = form.owner
    if form.takes_files and owner is not None and owner.enabled and owner.attach == "small":
        reason = "notify's COUNTERFOIL_FILES_URL is not set: the mail links to the files, and brings none"
        yield ("forms", form.name, "owner", "attach"), reason
