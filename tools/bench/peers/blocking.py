"""Keeps a `BlockingConnection` in each thread, confirmed: one round trip a publish."""

from __future__ import annotations

import os
from threading import local

import pika
import pika.exceptions
from flask import Flask
from pika.adapters.blocking_connection import BlockingChannel

from bench.peers.flask_signup import properties, signup_app
from bench.peers.signup_event import EXCHANGE, ROUTING_KEY


def make_app() -> Flask:
    """Return the app for gunicorn."""
    parameters = pika.URLParameters(os.environ["BROKER_URL"])
    kept = local()

    def channel() -> BlockingChannel:
        if getattr(kept, "channel", None) is None or kept.channel.is_closed:
            kept.channel = pika.BlockingConnection(parameters).channel()
            kept.channel.confirm_delivery()
        current: BlockingChannel = kept.channel
        return current

    def publish(submission_id: str, body: bytes) -> None:
        try:
            channel().basic_publish(EXCHANGE, ROUTING_KEY, body, properties(submission_id), mandatory=True)
        except pika.exceptions.ConnectionClosed:
            kept.channel = None
            raise

    return signup_app(publish)
