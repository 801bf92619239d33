"""Renders the pages that people see, from templates that escape everything."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from importlib import resources
from typing import Any

from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.fields.inputs import Draft, Input, errors_without_input, id_of, leftovers, shown_fields
from gateway.forms.dialects import ACCESS_KEY, HONEYPOT, KEY
from gateway.forms.origins import Origins
from gateway.http.errors import Refused
from gateway.http.moments import text_of
from gateway.pages.advice import advice_on, heading_of
from shared.forms import Form, Forms
from shared.forms.examples import command_line
from shared.web import look
from shared.web.snippets import Snippets


class Pages:
    """Renders every page. Nothing in a page is a script or a style but files of the gateway's own."""

    def __init__(self, public_url: str | None, *, has_console: bool = False) -> None:
        self._public_url = public_url
        self._snippets = Snippets()
        self._environment = Environment(
            loader=PackageLoader("gateway.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(assets=_asset_version(), has_console=has_console)
        self._environment.filters.update(field_id=id_of, clock=_clock, instant=text_of)

    def home(self, forms: Forms | None, base_url: str) -> Response:
        """Return the page that lists the forms and how to post to each; None for one that names none of them."""
        if forms is None:
            return self.page("plain.html", 200)
        entries = [self._entry(form, base_url) for form in forms.values() if form.active]
        return self.page("home.html", 200, entries=entries)

    def _entry(self, form: Form, base_url: str) -> dict[str, Any]:
        """Return a form as the start page has it: a whole page that may be saved, and a line for a terminal."""
        line = command_line(form, f"{base_url}/f/{form.name}")
        return {"form": form, "line": line, "page": self._snippets.page(form, base_url)}

    def form(self, form: Form, draft: Draft | None = None, refusal: Refused | None = None) -> Response:
        """Return a form's hosted page; with a draft and a refusal, what was typed and what is wrong with it."""
        draft = draft or Draft()
        hidden = {**draft.hidden, KEY: draft.key or secrets.token_urlsafe(16)}
        if form.access_key:
            hidden[ACCESS_KEY] = form.access_key  # no secret: it stands in every page that posts to the form
        page = self.page(
            "form.html",
            refusal.status if refusal else 200,
            form=form,
            inputs=[Input.of(entry, form, draft, refusal) for entry in shown_fields(form, draft)],
            leftovers=leftovers(form, draft),
            hidden=hidden,
            honeypot=form.honeypot or HONEYPOT,
            refusal=refusal,
            chosen=draft.chosen,
            general=errors_without_input(refusal, form, draft),
            form_actions=[*Origins(form).form_actions(), *([self._public_url] if self._public_url else [])],
        )
        if refusal:
            page.headers.update(refusal.headers)
        return page

    def openapi(self, document: Mapping[str, Any]) -> Response:
        """Return the page that describes every address, from the OpenAPI document."""
        return self.page("openapi.html", 200, document=document, shared=document["components"]["responses"])

    def refusal(self, refusal: Refused, *, posted: bool) -> Response:
        """Return the page of a refusal that has no form to offer again; `posted` says that a form was sent."""
        phrase = HTTPStatus(refusal.status).phrase
        told = {"heading": heading_of(refusal), "advice": advice_on(refusal, posted=posted)}
        page = self.page("refusal.html", refusal.status, number=refusal.status, phrase=phrase, **told)
        page.headers.update(refusal.headers)
        return page

    def fragment(self, status: int, **content: Any) -> Response:
        """Return a piece of HTML for htmx to put into somebody else's page."""
        return _response(self._environment.get_template("fragment.html").render(**content), status, [])

    def page(self, template: str, status: int, *, form_actions: Sequence[str] = (), **content: Any) -> Response:
        """Return a page of a template; `form_actions` are the origins that its forms lead to beside our own."""
        return _response(self._environment.get_template(template).render(**content), status, form_actions)


def _response(html: str, status: int, form_actions: Sequence[str]) -> Response:
    targets = " ".join(["'self'", *form_actions])
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",  # no-referrer would turn the Origin of our own form's post into null
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }
    return Response(html, status, headers, content_type="text/html; charset=utf-8")


def _asset_version() -> str:
    """Return a short hash over the static files, so that a new version is never shown with old styles."""
    digest = hashlib.sha256()
    own = resources.files("gateway.pages").joinpath("static").iterdir()
    shared = (look.FOLDER / name for name in look.FILES)
    for asset in sorted([*own, *shared], key=lambda entry: entry.name):
        digest.update(asset.read_bytes())
    return digest.hexdigest()[:12]


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%d %B %Y, %H:%M:%S UTC").lstrip("0")
