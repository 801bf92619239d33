"""Connects the addresses at which the gateway describes itself."""

from __future__ import annotations

from flask import Flask, Response

from gateway.http.request import current_request
from gateway.http.responses import json_response
from gateway.http.site import Site
from gateway.openapi.document import document_of
from gateway.pages.renderer import Pages
from shared.forms import Forms


def add_routes(app: Flask, pages: Pages, listed: Forms | None, site: Site) -> None:
    """Connect the OpenAPI document and its page; they name the forms that are `listed`, none where that is None."""

    @app.get("/openapi.json")
    def openapi() -> Response:
        document = document_of(listed, site.origin(current_request()))
        return json_response(200, document, {"Access-Control-Allow-Origin": "*"})

    @app.get("/openapi")
    def openapi_page() -> Response:
        return pages.openapi(document_of(listed, site.origin(current_request())))
