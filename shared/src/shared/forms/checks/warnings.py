"""Warns about settings in a valid file that have no effect or cannot work.

These are warnings, not errors: an error would stop the start, and an update must not stop a working installation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from shared.forms import file, positions
from shared.forms.checks.about_digests import of_digest
from shared.forms.checks.about_files import of_attached, of_uploads
from shared.forms.checks.about_opt_in import of_opt_in
from shared.forms.checks.about_spam import of_spam
from shared.forms.definitions import ADDRESS_NAMES, Field, Form
from shared.forms.field_types import FIELD_TYPES
from shared.forms.lines import TEXTAREA_FROM, is_single_line
from shared.forms.route import OWN, Route
from shared.forms.secrets import FormSecrets, Missing, missing
from shared.forms.uploads.kinds import kind_of, reason_to_fear
from shared.forms.webhook import Webhook
from shared.query import terms
from shared.query.submitted import Submitted
from shared.query.tree import Field as InField
from shared.query.tree import Form as OfForm

_Remark: TypeAlias = tuple[positions.Path, str]

_NEEDED = {
    "captcha": "the gateway needs it in {folder}, and does meanwhile as when_away says",
    "webhook": "notify needs it in {folder}, and its webhooks wait meanwhile, three days at most",
}
_CHAT_NEEDED = "notify needs it in {folder}, and its messages wait meanwhile, three days at most"


def find_warnings(
    content: bytes,
    path: Path,
    secrets: FormSecrets,
    tables: Sequence[str],
    *,
    has_owner_mail: bool = True,
    upload_most: int | None = None,
    can_attach: bool = True,
    can_link: bool = True,
) -> list[str]:
    """Return the warnings about a file without errors, as lines of `path:line: warning: place: what`.

    It looks only at the secrets of the given tables. `has_owner_mail` says whether notify's COUNTERFOIL_OWNER_MAIL is
    set, `can_attach` its COUNTERFOIL_FILES_URL, `upload_most` how many bytes the gateway's COUNTERFOIL_MAX_UPLOAD_BYTES
    lets in, `can_link` whether the gateway knows its own address; who does not know takes them as set, and as enough.
    Raises `FormsError` as `file.parse` does.
    """
    forms, text = file.parse(content, path), file.text_of(content, path)
    document = file.document_of(text, path)["forms"]
    found = [one for name, form in forms.items() for one in _of_form(form, document[name])]
    found += [one for form in forms.values() for one in _of_routes(form)]
    found += [one for form in forms.values() for one in _of_owner(form, has_owner_mail=has_owner_mail)]
    found += [one for form in forms.values() for one in of_digest(form)]
    found += [one for form in forms.values() for one in _of_retention(form)]
    found += [one for name, form in forms.items() for one in of_spam(form, document[name])]
    found += [one for name, form in forms.items() for one in of_opt_in(form, document[name], can_link=can_link)]
    if upload_most is not None:
        found += [one for form in forms.values() for one in of_uploads(form, upload_most)]
    if not can_attach:
        found += [one for form in forms.values() for one in of_attached(form)]
    found += [
        (_place_of(one, document[one.form]), f"{one.reason}: {_needed(one, secrets.folder)}")
        for one in missing(forms, secrets, tables)
    ]
    return file.in_order(path, text, found, kind="warning: ")


def _needed(secret: Missing, folder: Path) -> str:
    """Return who needs a secret, in which folder, and what happens without it."""
    return _NEEDED.get(secret.table, _CHAT_NEEDED).format(folder=folder)


def _place_of(secret: Missing, written: Mapping[str, Any]) -> positions.Path:
    """Return where the file names a secret: an entry of a list by its number, from 0."""
    table, *rest = secret.place
    if not isinstance(written[table], list):
        return ("forms", secret.form, table, *rest)
    at = [one.get("name") for one in written[table]].index(rest[0])
    return ("forms", secret.form, table, at, *rest[1:])


def _of_form(form: Form, written: Mapping[str, Any]) -> Iterator[_Remark]:
    place = ("forms", form.name)
    if reason := _without_address(form, is_asked_for="confirmation" in written):
        yield (*place, "confirmation"), reason
    if "*" in form.allowed_origins and len(form.allowed_origins) > 1:
        yield (*place, "allowed_origins"), "with * among them any page may post: the others have no effect"
    if form.captcha and (form.captcha.verify_url or "").startswith("http:"):
        reason = "without TLS it is asked only in the networks that COUNTERFOIL_CAPTCHA_ALLOW names"
        yield (*place, "captcha", "verify_url"), reason
    for at, webhook in _webhooks(form, written):
        if webhook.url.startswith("http:"):
            reason = "without TLS it is called only in the networks that notify's COUNTERFOIL_WEBHOOK_ALLOW names"
            yield (*place, *at, "url"), reason
    for reason in _of_types(written.get("files", {}).get("types", ())):
        yield (*place, "files", "types"), reason
    for name, field in (form.fields or {}).items():
        for key, reason in _of_field(field, form, written["fields"][name]):
            yield (*place, "fields", name, key), reason


def _of_routes(form: Form) -> Iterator[_Remark]:
    for number, route in enumerate(form.routes):
        for key, reason in _of_route(route, form):
            yield ("forms", form.name, "route", number, key), reason


def _of_retention(form: Form) -> Iterator[_Remark]:
    place = ("forms", form.name)
    if form.retention_action == "anonymise" and not form.chosen_fields:
        reason = "only choices stay, and this form has none: of each submission only its time is left"
        yield (*place, "retention_action"), reason
    if form.retention and form.spam_retention and form.spam_retention > form.retention:
        yield (*place, "spam_retention"), "spam is kept for longer than what is none"


def _webhooks(form: Form, written: Mapping[str, Any]) -> Iterator[tuple[positions.Path, Webhook]]:
    """Return the webhooks that are switched on, each with where it stands in the form."""
    names = [one.get("name") for one in written.get("webhooks", [])]
    for webhook in form.every_webhook:
        yield ("webhook",) if webhook is form.webhook else ("webhooks", names.index(webhook.name)), webhook


def _of_route(route: Route, form: Form) -> Iterator[tuple[str, str]]:
    if route.owner and form.owner and not form.owner.enabled:
        yield "owner", "the form's mail to its owner is switched off: these addresses get none"
    off = [name for name in route.channels if not _has(form, name)]
    if off:
        yield "channels", f"switched off, so that no route reaches them: {', '.join(off)}"
    for reason in _of_query(route, form):
        yield "when", reason


def _has(form: Form, channel: str) -> bool:
    """Return whether a channel that a route names, and the file has, is switched on."""
    table, _, name = channel.partition(":")
    if table == OWN:
        return form.owner is None or form.owner.enabled
    if table == "webhook":
        return any(name in ("", one.name) for one in form.every_webhook)
    return getattr(form, table) is not None


def _of_query(route: Route, form: Form) -> Iterator[str]:
    fields = form.fields or {}
    for term in terms(route.query):
        place = f"at character {term.place.offset + 1}"
        if isinstance(term, OfForm) and term.value != form.name:
            yield f"{place}: this form's routes are asked of its own submissions alone: those of {form.name}"
        if not isinstance(term, InField) or term.name not in fields:
            continue
        choices = fields[term.name].choices
        if choices and not any(Submitted(choice).holds(term) for choice in choices):
            yield f"{place}: none of its choices is such: {', '.join(choices)}"


def _of_owner(form: Form, *, has_owner_mail: bool) -> Iterator[_Remark]:
    place, owner = ("forms", form.name, "owner"), form.owner
    if owner is None or not owner.enabled:
        return
    if not owner.to and not has_owner_mail and not any(route.owner for route in form.routes):
        yield place, "it has no to, and notify's COUNTERFOIL_OWNER_MAIL is not set: nobody gets this mail"
    field = (form.fields or {}).get(owner.reply_to or "")
    if field and field.type != "email":
        yield (*place, "reply_to"), f"{field.name} is no email field: what is no address there is not replied to"


def _of_field(field: Field, form: Form, written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    twice = [choice for choice, count in Counter(field.choices).items() if count > 1]
    if twice:
        yield "choices", f"more than once: {', '.join(twice)}"
    if "max_length" in written and not FIELD_TYPES[field.type].has_length:
        yield "max_length", f"it has no effect: {field.type} has no length"
    for reason in _of_types(written.get("types", ())):
        yield "types", reason
    if field.min_length > field.max_length:  # else an error: this is what the type itself allows
        yield "min_length", f"nothing is so long: {field.type} takes {field.max_length} characters at most"
    if field.pattern is not None and not is_single_line(field, form):
        longer = f"which a text of more than {TEXTAREA_FROM} characters has: see max_length"
        yield "pattern", f"browsers do not check it in a text area, {longer}"


def _of_types(written: Sequence[str]) -> Iterator[str]:
    for kind in written:
        if reason := reason_to_fear(kind_of(kind)):
            yield f"{kind} can hurt whoever opens it: it is {reason}"


def _without_address(form: Form, *, is_asked_for: bool) -> str | None:
    """Return why the form's confirmation can have no address to go to; None where it can have one."""
    if not form.confirmation.enabled or form.fields is None or form.unknown == "keep" or form.mail_field:
        return None
    mails = [name for name, field in form.fields.items() if field.type == "email"]
    if form.fields.keys() & ADDRESS_NAMES or not (mails or is_asked_for):
        return None
    reason = f"none of {', '.join(mails)} is called email" if mails else "no field is an email"
    follows = "nothing is taken" if form.confirmation.opt_in else "a confirmation goes to nobody"
    return f"{reason}: {follows}, unless the page sends _replyto"
