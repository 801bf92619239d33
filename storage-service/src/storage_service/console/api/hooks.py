"""`/v1/hooks`: where a program asks to be called, as Zapier, Make and n8n do by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from marshmallow import Schema as Checked
from marshmallow import fields, validate

from shared.database import iso
from shared.forms import NAME as FORM_NAME
from shared.web.refusals import FieldError, Refused, refused
from shared.web.schemas import ID, MOMENT, TEXT, Schema, a_list, an_object, ref
from shared.webhook_bodies import ACCEPTED, HOOK_EVENTS
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.answers import JSON, json_answer
from storage_service.console.describing import Described, answer, body, parameter
from storage_service.console.parameters import Parameters, body_of
from storage_service.console.parts import Parts
from storage_service.hooks import BadHook, Hook, NoHook, NoKey, TooManyHooks
from storage_service.hooks.hook import OF_A_KEY_MOST, URL_MOST
from storage_service.hooks.samples import SAMPLES_MOST

_FORM_MOST = 64


class HookSchema(Checked):
    """What a program asks for; `hooks.hook` says what of it is taken."""

    url = fields.String(required=True)
    events = fields.List(fields.String(), validate=validate.Length(max=len(HOOK_EVENTS)))
    form = fields.String(allow_none=True, validate=validate.Length(1, _FORM_MOST))


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("hooks", __name__)

    @views.get("/v1/hooks")
    @needs("export")
    def listed() -> Response:
        Parameters(request)
        return json_answer({"hooks": [_shown(one) for one in parts.hooks.of_key(asker().name)]})

    @views.post("/v1/hooks")
    @needs("export")
    def add() -> Response:
        given, who = body_of(request, HookSchema()), asker()
        form = _form_of(parts, given.get("form"), who)
        with _told():
            hook, secret = parts.hooks.add(given["url"], given.get("events", ()), form, who)
        return json_answer({**_shown(hook), "secret": secret}, 201, {"Location": f"/v1/hooks/{hook.id}"})

    @views.get("/v1/hooks/<uuid:id>")
    @needs("export")
    def one(id: UUID) -> Response:  # noqa: A002 - as the address names it
        Parameters(request)
        with _told():
            return json_answer(_shown(parts.hooks.one(id, asker())))

    @views.delete("/v1/hooks/<uuid:id>")
    @needs("export")
    def remove(id: UUID) -> Response:  # noqa: A002
        with _told():
            parts.hooks.end(id, asker())
        return Response(status=204)

    @views.get("/v1/hooks/sample")
    @needs("export")
    def sample() -> Response:
        given, who = Parameters(request, "form", "event"), asker()
        event = given.one_of("event", HOOK_EVENTS, ACCEPTED)
        form = _form_of(parts, given.text("form", _FORM_MOST), who)
        bodies, real = parts.samples.of(event, form, who.forms)
        if real:
            parts.audit.note(who, "hook.sample", form, count=real)
        return json_answer(bodies)

    return views


def _form_of(parts: Parts, name: str | None, who: Asker) -> str | None:
    """Return the form that is named; raises `Refused` for one that the asker may not see, or that is none."""
    if name is not None and not (name in parts.forms and who.may_see(name)):
        reason = "There is no such form, or this key is not for it."
        raise refused(422, "FORM_NOT_FOUND", reason, field="form")
    return name


@contextmanager
def _told() -> Iterator[None]:
    """Turn refusals of hooks into those of requests."""
    try:
        yield
    except NoHook as error:
        raise refused(404, "NOT_FOUND", "This key has no such hook.") from error
    except NoKey as error:
        raise refused(
            403, "KEY", "Hooks are for keys that are kept here, and this one has ended, or is none."
        ) from error
    except TooManyHooks as error:
        raise refused(409, "TOO_MANY_HOOKS", f"No more: {error}.") from error
    except BadHook as error:
        title = f"{error}."
        raise Refused(422, title, FieldError("INVALID", title, error.member)) from error


def _shown(hook: Hook) -> dict[str, Any]:
    return {
        "id": str(hook.id),
        "url": hook.url,
        "events": list(hook.events),
        "forms": None if hook.forms is None else list(hook.forms),
        "created_at": iso(hook.created_at),
        "expires_at": None if hook.expires_at is None else iso(hook.expires_at),
        "ended_at": None if hook.ended_at is None else iso(hook.ended_at),
        "ended_because": hook.ended_because,
    }


_FORM: Schema = {**TEXT, "minLength": 1, "maxLength": _FORM_MOST, "pattern": f"^{FORM_NAME.pattern}$"}
_EVENTS: Schema = {**a_list({"enum": list(HOOK_EVENTS)}), "maxItems": len(HOOK_EVENTS)}
_URL: Schema = {**TEXT, "maxLength": URL_MOST, "description": "It begins with https:// and is a public one."}


def described() -> Described:
    """Describe them."""
    form = {
        **_FORM,
        "type": ["string", "null"],
        "description": "Of this one; without, of all that the key is for.",
    }
    made = an_object("events", "form", url={**_URL, "minLength": 1}, events=_EVENTS, form=form)
    example = {"url": "https://hooks.example.org/catch/17", "events": [ACCEPTED], "form": "signup"}
    return {
        "GET /v1/hooks": {
            "summary": "The hooks of this key that are called, the newest first",
            "responses": answer("They.", an_object(hooks=a_list(ref("Hook")))),
        },
        "POST /v1/hooks": {
            "summary": f"Have an address called; {OF_A_KEY_MOST} of a key at most. The same address is called once",
            "requestBody": body(made, example),
            "responses": {
                "201": {
                    "description": "It is made. `secret`, which signs its calls, is shown now, and never again.",
                    "content": {JSON: {"schema": ref("NewHook")}},
                }
            },
        },
        "GET /v1/hooks/{id}": {"summary": "One hook of this key", "responses": answer("It.", ref("Hook"))},
        "DELETE /v1/hooks/{id}": {
            "summary": "Call it no more. Again, it answers the same",
            "responses": {"204": {"description": "It is not called any more."}},
        },
        "GET /v1/hooks/sample": {
            "summary": "What a hook is told, for whoever sets one up: the last submissions, or one that is made up",
            "parameters": [
                parameter("form", "Of this form; without, of all that the key is for.", **_FORM),
                parameter("event", "What is told.", enum=list(HOOK_EVENTS), default=ACCEPTED),
            ],
            "responses": answer("As a hook's bodies.", {**a_list(ref("HookBody")), "maxItems": SAMPLES_MOST}),
        },
    }


def schemas() -> Mapping[str, Schema]:
    """Describe what they answer."""
    moment: Schema = {**MOMENT, "type": ["string", "null"]}
    shown: dict[str, Schema] = {
        "id": ID,
        "url": {**_URL, "description": "Empty once it has ended."},
        "events": _EVENTS,
        "forms": {"type": ["array", "null"], "items": TEXT, "description": "Of these alone; null, of all."},
        "created_at": MOMENT,
        "expires_at": {**moment, "description": "When its key does."},
        "ended_at": moment,
        "ended_because": {"type": ["string", "null"], "description": "`removed`, `replaced`, `gone` or `key`."},
    }
    told = an_object(id=TEXT, type={"enum": list(HOOK_EVENTS)}, timestamp=MOMENT, data={"type": "object"})
    return {"Hook": an_object(**shown), "NewHook": an_object(secret=TEXT, **shown), "HookBody": told}
