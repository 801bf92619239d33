"""`python -m notify_service plan` says who would be told of a submission, and sends nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from notify_service import settings
from notify_service.channels.mail.composer import MailFrom
from notify_service.channels.mail.templates import Templates
from notify_service.channels.registry import ChannelNeeds, channels
from notify_service.commands.plan_page import Dry
from notify_service.commands.terminal import Refused, parser, say
from notify_service.planning.explaining import explained
from shared.contracts import Control, JsonValue, SubmissionAccepted, Unacceptable, fingerprint, parse
from shared.forms import Form
from shared.mail_addresses import is_address

FIELDS_BYTES_MOST = 2 * 1024 * 1024
"""As much as a gateway takes at most."""

_HELP = """Say who would be told of a submission, who not, and why. Nothing is sent, nothing is asked of a server.

The fields are taken as they are given: whether the form takes them, its gateway says. It reads the forms file and
looks for the secrets that it names (COUNTERFOIL_FORMS, COUNTERFOIL_FORM_SECRETS, COUNTERFOIL_OWNER_MAIL)."""

_NOBODY = MailFrom("", "")
"""Who sends: nothing is sent."""

_EXAMPLE = '\'{"topic": "A fault"}\''


def plan(arguments: Sequence[str]) -> int:
    """Say who would be told of a submission, and why, and send nothing."""
    given = _arguments(arguments)
    fields = _fields(given.fields)
    chosen = settings.load_for_plan()
    dry = Dry.read(chosen.forms, chosen.form_secrets, given.form)
    event = _event(dry.form, fields, given.sender)
    needs = ChannelNeeds(_NOBODY, chosen.form_secrets, _now, Templates(), chosen.owner_mail)
    found = explained(event, dry.form, channels(needs))
    say(json.dumps(dry.document(event, found), ensure_ascii=False) if given.json else "\n".join(dry.page(event, found)))
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    reading = parser("plan", _HELP)
    reading.add_argument("--form", required=True, metavar="NAME", help="the form, by its name in the file")
    reading.add_argument(
        "--fields",
        default="{}",
        metavar="JSON",
        help=f"the fields: {_EXAMPLE}, @FILE to read them from a file, - to read them from standard input",
    )
    reading.add_argument("--from", dest="sender", metavar="ADDRESS", help="who submits; else the field email says it")
    reading.add_argument("--json", action="store_true", help="one JSON object, for programs")
    return reading.parse_args(arguments)


def _fields(given: str) -> Mapping[str, JsonValue]:
    try:
        content = _content(given)
    except OSError as error:
        raise Refused(f"--fields: {given[1:]} cannot be read: {error.strerror}") from error
    if len(content) > FIELDS_BYTES_MOST:
        raise Refused(f"--fields: expected {FIELDS_BYTES_MOST} bytes at most")
    try:
        fields = parse(content)
    except Unacceptable as error:
        raise Refused(f"--fields: {error}; expected an object such as {_EXAMPLE}") from error
    if not isinstance(fields, dict):
        raise Refused(f"--fields: expected an object such as {_EXAMPLE}")
    return fields


def _content(given: str) -> bytes:
    if given == "-":
        return sys.stdin.buffer.read(FIELDS_BYTES_MOST + 1)
    if not given.startswith("@"):
        return os.fsencode(given)
    with Path(given[1:]).open("rb") as source:
        return source.read(FIELDS_BYTES_MOST + 1)


def _event(form: Form, fields: Mapping[str, JsonValue], sender: str | None) -> SubmissionAccepted:
    if sender is not None and not is_address(sender):
        raise Refused("--from: expected an address alone, such as ada@example.org")
    in_field = fields.get(form.mail_field or "")
    reply_to = sender or (in_field if isinstance(in_field, str) else None)
    trap = next((name for name in (form.honeypot, "_gotcha") if name and fields.get(name)), None)
    return SubmissionAccepted(
        id=UUID(int=0),
        form=form.name,
        accepted_at=_now(),
        fields=fields,
        fingerprint=fingerprint(fields),
        control=Control(reply_to=reply_to),
        spam="honeypot" if trap else None,
        opt_in=form.confirmation.opt_in,
    )


def _now() -> datetime:
    return datetime.now(UTC)
