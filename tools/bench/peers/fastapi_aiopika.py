"""Accepts signups with FastAPI and aio-pika: a robust connection a worker, confirms, persistent, the same checks.

Run by uvicorn with uvloop and httptools.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aio_pika
from aio_pika.abc import AbstractRobustExchange
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, EmailStr, StringConstraints

from bench.peers.signup_event import EXCHANGE, ROUTING_KEY, signup_event


class Signup(BaseModel):
    """The fields of the form `signup`."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    email: EmailStr


class Accepted(BaseModel):
    """The answer to an accepted submission."""

    ok: bool = True
    id: str
    receipt_url: str


@asynccontextmanager
async def connected(app: FastAPI) -> AsyncIterator[None]:
    """Hold one robust connection and one confirming channel for as long as the worker lives."""
    connection = await aio_pika.connect_robust(os.environ["BROKER_URL"])
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        app.state.exchange = await channel.get_exchange(EXCHANGE)
        yield


app = FastAPI(lifespan=connected)


@app.post("/f/signup", status_code=202)
async def submit(signup: Signup, request: Request) -> Accepted:
    """Accept one signup: 202 after the broker's confirm, else 503."""
    exchange: AbstractRobustExchange = request.app.state.exchange
    client = request.client.host if request.client else None
    submission_id, body = signup_event(signup.model_dump(), client, request.headers.get("user-agent"))
    message = aio_pika.Message(
        body,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=submission_id,
        type=ROUTING_KEY,
    )
    try:
        await exchange.publish(message, ROUTING_KEY, mandatory=True, timeout=3)
    except (aio_pika.exceptions.AMQPError, TimeoutError) as error:
        raise HTTPException(503, headers={"Retry-After": "2"}) from error
    return Accepted(id=submission_id, receipt_url=str(request.url_for("receipt", submission_id=submission_id)))


@app.get("/receipts/{submission_id}")
async def receipt(submission_id: str) -> dict[str, str]:
    """Stand for the receipt that `receipt_url` names."""
    return {"id": submission_id}
