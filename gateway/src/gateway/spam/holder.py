"""Holds the spam model of a worker: asks storage which counts, and keeps the last good one.

Whoever judges reads it from memory. Without one there is no verdict, and nothing waits for one.
"""

from __future__ import annotations

import base64
import binascii
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.spam.models import HeldModel
from shared.contracts import Announcement, SpamModelMade
from shared.contracts.parts.verdict import MODEL_MOST
from shared.messaging.broker import Answer, NoAnswer, QueryFailed, RpcClient
from shared.messaging.topology import STORAGE_QUERIES
from shared.spam import MODEL_BYTES_MOST, BadModel, digest_of, unpacked

QUERY = "spam.model"
ANSWER_TIMEOUT_S = 5.0

_TEXT_MOST = 4 * (MODEL_BYTES_MOST + 2) // 3 + 4
_HASH_MOST = 64

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Times:
    """How often storage is asked: each `every_s`; each `again_s` until it answers; within `spread_s` when it says that
    another model counts, so that not all workers ask at once."""

    every_s: float = 60.0
    again_s: float = 2.0
    spread_s: float = 2.0


class ModelHolder:
    """Holds the model that counts, as `models.Models`. `start` makes it follow storage in a thread of its own."""

    def __init__(
        self, rpc: RpcClient, *, times: Times | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rpc = rpc
        self._times = times or Times()
        self._clock = clock
        self._held: HeldModel | None = None
        self._answered_at: float | None = None
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="spam-model", daemon=True)

    @property
    def held(self) -> HeldModel | None:
        """The model that counts; None without one."""
        return self._held

    def standing(self) -> tuple[int, float]:
        """Return the number of the model that is held, 0 without one; and for how many seconds storage has not said
        which counts, 0 while it never did: it may be of a version that knows of none."""
        held, answered_at = self._held, self._answered_at
        silent_s = 0.0 if answered_at is None else max(0.0, self._clock() - answered_at)
        number = held.name.partition("-")[0] if held else "0"
        return int(number) if number.isdecimal() else 0, silent_s

    def start(self) -> None:
        """Follow storage from now on."""
        self._thread.start()

    def notice(self, news: Announcement) -> None:
        """Take note of an announcement; it runs on the broker's thread, and never blocks."""
        held = self._held
        if isinstance(news, SpamModelMade) and (held is None or held.digest != news.hash):
            self._wanted.set()

    def close(self) -> None:
        """Stop following; what is held stays."""
        self._closed.set()
        self._wanted.set()

    def look(self) -> bool:
        """Ask storage once, and return whether it answered. What is no good model changes nothing."""
        held = self._held
        try:
            pending = self._rpc.ask(STORAGE_QUERIES, QUERY, {"have": held.digest if held else None})
            answer = pending.answer(timeout_s=ANSWER_TIMEOUT_S)
        except NoAnswer:
            return False
        except QueryFailed:  # storage is of a version that learns none: there is no hurry
            return True
        try:
            self._held = _held_after(held, answer)
        except BadModel as error:
            _log.error("the spam model is not used", reason=str(error), held=held.name if held else None)
            return True
        now, before = (one.name if one else None for one in (self._held, held))
        if now != before:  # the bytes change more often, with what came lately
            _log.info("another spam model", version=now)
        self._answered_at = self._clock()
        return True

    def _follow(self) -> None:
        while not self._closed.is_set():
            is_answered = self._look_safely()
            self._wanted.clear()
            if self._wanted.wait(self._times.every_s if is_answered else self._times.again_s):
                self._closed.wait(random.uniform(0, self._times.spread_s))  # noqa: S311 - it spreads, and hides nothing

    def _look_safely(self) -> bool:
        try:
            return self.look()
        except Exception as error:  # noqa: BLE001 - a bug in it must not end the thread, nor keep anybody from submitting
            _log.error("the spam model was not asked for", error=type(error).__name__, exc_info=error)
            return False


def _held_after(held: HeldModel | None, answer: Answer) -> HeldModel | None:
    """Return what is held after an answer; raises `BadModel`."""
    digest = answer.get("hash")
    if digest is None:
        return None
    if not isinstance(digest, str) or len(digest) > _HASH_MOST:
        raise BadModel("its hash is no text")
    if held is not None and digest == held.digest:
        return held
    return _read(digest, answer)


def _read(digest: str, answer: Answer) -> HeldModel:
    name, data = answer.get("version"), answer.get("data")
    if not isinstance(name, str) or not 0 < len(name) <= MODEL_MOST or not name.isprintable():
        raise BadModel("its version is no name")
    if not isinstance(data, str) or len(data) > _TEXT_MOST:
        raise BadModel(f"expected {MODEL_BYTES_MOST} bytes at most, in base64")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadModel("not base64") from error
    if digest_of(content) != digest:
        raise BadModel("its bytes are not those of its hash")
    return HeldModel(unpacked(content), name, digest)
