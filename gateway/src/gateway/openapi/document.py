"""Builds the OpenAPI document: every address of the gateway, with all that it may answer."""

from __future__ import annotations

from typing import Any

from gateway.forms.dialects import success_of
from gateway.http.idempotency import LENGTH_MOST
from gateway.openapi.requests import body_of
from gateway.openapi.shapes import EVENTS, SCHEMAS, SCRIPT, answer, ref, refusals, refused_with
from gateway.receipts.receipts import WAIT_MOST_S
from shared.forms import Form, Forms

Part = dict[str, Any]

_TEXT: Part = {"type": "string"}
_ABOUT = (
    "Takes what the forms of web pages submit. A 202 is a promise: the submission will be stored exactly once, and "
    "confirmed, or visibly failed, or held where its owner sees it. Whatever cannot be promised is a 503. Send an "
    "`Idempotency-Key`, and the same again is safe. `Accept` chooses between JSON, `application/problem+json` for "
    "refusals, and HTML."
)
_POSTED = (400, 403, 404, 405, 409, 413, 415, 422, 429, 503)
_UPLOADED = tuple(sorted({*_POSTED, 408}))
"""What a form answers as well that takes files: they may come too slowly."""


def document_of(forms: Forms | None, base_url: str) -> Part:
    """Return the OpenAPI document of a gateway that serves these forms at an address; None names none of them."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "Counterfoil", "version": "1", "summary": "Form submissions, kept.", "description": _ABOUT},
        "servers": [{"url": base_url}],
        "paths": {**_forms(forms), **_receipts(), **_opt_ins(), **_unsubscribe(), **_bounces(), **_health()},
        "components": {
            "schemas": SCHEMAS,
            "responses": refusals(),
        },
        "externalDocs": {"url": "/v1/openapi.json", "description": "What owners and operators ask for, with a key."},
    }


def _parameter(place: str, name: str, description: str, **schema: Any) -> Part:
    made: Part = {"name": name, "in": place, "description": description, "schema": {**_TEXT, **schema}}
    return {**made, "required": True} if place == "path" else made


_KEY = _parameter("header", "Idempotency-Key", "Makes a retry safe.", maxLength=LENGTH_MOST, pattern="^[ -~]*$")

_OPEN_MS = _parameter(
    "query",
    "open_ms",
    "For how many milliseconds the page had been open: for forms with a `min_time`.",
    pattern="^[0-9]*$",
)


def _forms(forms: Forms | None) -> dict[str, Part]:
    project = _parameter("path", "project", "Any name: it is not looked at.")
    named = {} if forms is None else {"enum": list(forms)}
    any_form = _parameter("path", "form", "A form's name.", **named)
    each = {"/f/{form}": {"parameters": [any_form], **_form(None)}}
    return {
        **(each if forms is None else {f"/f/{name}": _form(form) for name, form in forms.items()}),
        "/p/{project}/f/{form}": {"parameters": [project, any_form], **_form(None)},
        "/f/{form}/captcha": {"parameters": [any_form], **_captcha()},
        "/": _shown("The start page", answer("The page.", page=True)),
        "/counterfoil.js": _shown("The script that a page of your own may use", SCRIPT),
        "/openapi.json": _shown("This document", answer("It.", {"type": "object"})),
        "/openapi": _shown("This document as a page", answer("It.", page=True)),
    }


def _shown(summary: str, response: Part) -> Part:
    """Return an address that is read, and always answers the same way."""
    return {"get": {"summary": summary, "responses": {"200": response, **refused_with((405,))}}}


def _form(form: Form | None) -> Part:
    """Return the operations of a form; None stands for any form."""
    statuses = {int(success_of(form))} if form else {200, 202}
    accepted = answer("Accepted: it will be stored.", ref("Accepted"), page=True, Location=_TEXT)
    responses = {
        **{str(status): accepted for status in sorted(statuses)},
        "303": answer("The same, for a browser.", Location=_TEXT),
        **refused_with(_UPLOADED if form is None or form.takes_files else _POSTED),
    }
    title = f"“{form.title}”" if form else "any form"
    return {
        "get": {
            "summary": f"The page of {title}",
            "responses": {"200": answer("The page.", page=True), **refused_with((403, 404, 405))},
        },
        "post": {
            "summary": f"Submit {title}",
            "parameters": [_KEY, _OPEN_MS],
            "requestBody": body_of(form),
            "responses": responses,
        },
        "options": {
            "summary": "Ask whether a page may submit (CORS)",
            "responses": _preflight(),
        },
    }


def _captcha() -> Part:
    return {
        "get": {
            "summary": "A challenge of the gateway's own captcha (ALTCHA)",
            "responses": {
                "200": answer("The challenge, as ALTCHA's widget takes it.", {"type": "object"}),
                **refused_with((404, 405)),
            },
        },
        "options": {"summary": "Ask whether a page may read it (CORS)", "responses": _preflight()},
    }


def _preflight() -> Part:
    return {"204": answer("What a page may send.")}


def _receipts() -> dict[str, Part]:
    token = _parameter("path", "token", "As `receipt_url` ends.")
    seen = _parameter("header", "Last-Event-ID", "The last event that arrived: only what is new comes.")
    wait = _parameter("header", "Prefer", f"`wait=N`: answer when it is final, after {WAIT_MOST_S} s at the latest.")
    options = {"summary": "Ask whether a page may read (CORS)", "responses": {"204": answer("It may.")}}
    return {
        "/receipts/{token}": {
            "parameters": [token],
            "get": {
                "summary": "How far a submission has come",
                "parameters": [wait],
                "responses": {
                    "200": answer("The receipt; no field is shown.", ref("Receipt"), page=True),
                    **refused_with((404, 405)),
                },
            },
            "options": options,
        },
        "/receipts/{token}/events": {
            "parameters": [token],
            "get": {
                "summary": "The same as server-sent events",
                "parameters": [seen],
                "responses": {
                    "200": EVENTS,
                    "204": answer("It is final, and what was seen last is all."),
                    **refused_with((404, 405, 503)),
                },
            },
            "options": options,
        },
        "/receipts/{token}/opt-in": {
            "parameters": [token],
            "post": {
                "summary": "Send the mail again that asks to confirm an address",
                "parameters": [_KEY],
                "responses": {
                    "202": answer("It is sent again, so often by now, and so often more.", ref("MailAgain")),
                    "303": answer("The same, for a browser: the receipt says it.", Location=_TEXT),
                    **refused_with((400, 404, 405, 409, 429, 503)),
                },
            },
            "options": options,
        },
    }


def _opt_ins() -> dict[str, Part]:
    token = _parameter("path", "token", "As the link in the mail ends.")
    told = answer("What is known of it.", ref("OptIn"), page=True)
    return {
        "/opt-in/{token}": {
            "parameters": [token],
            "get": {
                "summary": "The page of the button in a mail that asks to confirm an address; it confirms nothing",
                "responses": {"200": told, **refused_with((404, 405, 410))},
            },
            "post": {
                "summary": "Confirm the address",
                "responses": {
                    "200": answer("It was confirmed before.", ref("OptIn"), page=True),
                    "202": answer("It is confirmed: what waited for it goes.", ref("OptIn"), page=True),
                    **refused_with((404, 405, 410, 429, 503)),
                },
            },
        }
    }


def _unsubscribe() -> dict[str, Part]:
    page = answer("The page, or what it says.", ref("Unsubscribed"), page=True)
    token = _parameter("path", "token", "As the link in a mail ends.")
    return {
        "/unsubscribe/{token}": {
            "parameters": [token],
            "get": {
                "summary": "The page that asks about it",
                "responses": {"200": page, **refused_with((404, 405))},
            },
            "post": {
                "summary": "Have no more such mails sent (RFC 8058); the body is not read",
                "responses": {"200": page, **refused_with((404, 405, 503))},
            },
        },
    }


def _bounces() -> dict[str, Part]:
    provider = _parameter("path", "provider", "Who calls.", enum=["ses", "postmark", "sendgrid", "mailgun"])
    return {
        "/hooks/bounces/{provider}": {
            "parameters": [provider],
            "post": {
                "summary": "What a provider of mail tells of mails that came back; it proves who it is",
                "responses": {
                    "200": answer("It is taken.", ref("BouncesTold")),
                    **refused_with((400, 403, 404, 405, 413, 429, 503)),
                },
            },
        },
    }


def _health() -> dict[str, Part]:
    ready = _shown("Whether it can promise anything", answer("It can.", ref("Ready")))
    ready["get"]["responses"]["503"] = answer("It cannot.", ref("Ready"))
    return {"/livez": _shown("Whether it runs", answer("It does.", ref("Alive"))), "/readyz": ready}
