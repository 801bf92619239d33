"""Warns about what a form says of its owner's mail and a digest leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from shared.forms import positions
from shared.forms.definitions import Form


def of_digest(form: Form) -> Iterator[tuple[positions.Path, str]]:
    """Say which keys have no effect: a digest is about several submissions, and answers nobody."""
    owner = form.owner
    if owner is None or owner.digest is None:
        return
    place = ("forms", form.name, "owner")
    if not owner.enabled:
        yield (*place, "digest"), "with enabled = false nobody gets it"
        return
    said = {"subject": bool(owner.subject), "reply_to": bool(owner.reply_to), "attach": owner.attach == "small"}
    for key in (key for key, is_said in said.items() if is_said):
        yield (*place, key), "has no effect on a digest, which is about several submissions"
