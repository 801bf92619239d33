"""Defines the Flask view that the peers share; each hands in its way to publish."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pika
import pika.exceptions
from flask import Flask, request
from marshmallow import Schema, ValidationError, fields, validate

from bench.peers.signup_event import ROUTING_KEY, signup_event

Publish: TypeAlias = Callable[[str, bytes], None]
"""Publishes a body under its id and returns once the broker has confirmed it."""


class Signup(Schema):
    """The fields of the form `signup`."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    email = fields.Email(required=True)


def properties(submission_id: str) -> pika.BasicProperties:
    """Return the properties of a durable event."""
    return pika.BasicProperties(
        content_type="application/json",
        delivery_mode=pika.DeliveryMode.Persistent.value,
        message_id=submission_id,
        type=ROUTING_KEY,
    )


def signup_app(publish: Publish, not_confirmed: type[Exception] = pika.exceptions.AMQPError) -> Flask:
    """Return an app that answers 202 once `publish` has returned, and 503 where that raises `not_confirmed`."""
    app = Flask(__name__)
    schema = Signup()

    @app.post("/f/signup")
    def submit() -> tuple[dict[str, object], int]:
        try:
            known = schema.load(request.get_json())
        except ValidationError as error:
            return {"errors": error.messages}, 422
        submission_id, body = signup_event(known, request.remote_addr, request.headers.get("User-Agent"))
        try:
            publish(submission_id, body)
        except not_confirmed:
            return {"error": "not confirmed"}, 503
        return {"ok": True, "id": submission_id}, 202

    return app
