"""Connects the addresses of the start page, of the forms' pages, and of the script for pages of one's own."""

from __future__ import annotations

from flask import Flask, Response, request

from gateway.http import cors
from gateway.http.errors import form_not_found, inactive
from gateway.http.request import current_request
from gateway.http.site import Site
from gateway.pages.renderer import Pages
from shared.forms import Forms

CONSOLE = "/console"


def add_routes(
    app: Flask, pages: Pages, forms: Forms, listed: Forms | None, site: Site, *, leads_on: bool = False
) -> None:
    """Connect the addresses; the start page names the forms that are `listed`, none where that is None.

    Where it `leads_on` it is the console's: whoever comes there is sent to it.
    """

    @app.get("/")
    def home() -> Response:
        if leads_on:
            return Response(status=303, headers={"Location": CONSOLE, "Cache-Control": "no-store"})
        return pages.home(listed, site.origin(current_request()))

    @app.get("/f/<name>", strict_slashes=False)
    @app.get("/p/<project>/f/<name>", strict_slashes=False)
    def show_form(name: str, project: str = "") -> Response:  # noqa: ARG001
        form = forms.get(name)
        if form is None:
            raise form_not_found()
        if not form.active:
            raise inactive()
        page = pages.form(form)
        page.headers.update(cors.headers_for(request.headers.get("Origin")))
        return page

    @app.get("/counterfoil.js")
    def snippet() -> Response:
        response = app.send_static_file("counterfoil.js")
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # pages that isolate themselves load it too
        return response
