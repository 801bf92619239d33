"""This module packs queries and their answers as JSON.

A query is `{"method": …, "params": {…}}`; its answer `{"answer": {…}}` or `{"error": "…"}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import structlog

from shared.messaging.broker import Answer, Params, QueryFailed, QueryMethod


def unpack_reply(reply: bytes) -> Answer:
    """Return the answer that a reply holds; raises `QueryFailed`."""
    document = json.loads(reply)
    if "answer" not in document:
        raise QueryFailed(str(document.get("error", "no answer in the reply")))
    answer: Answer = document["answer"]
    return answer


def pack_query(method: str, params: Params) -> bytes:
    """Return the body of a query."""
    return json.dumps({"method": method, "params": dict(params)}).encode()


def reply_to(body: bytes, methods: Mapping[str, QueryMethod]) -> bytes:
    """Answer one query: whatever goes wrong becomes the reply's error, without the details that may be personal."""
    try:
        query = json.loads(body)
        method = methods.get(query["method"])
        if method is None:
            return json.dumps({"error": f"there is no query {query['method']!r} here"}).encode()
        return json.dumps({"answer": method(query["params"])}, ensure_ascii=False).encode()
    except Exception as error:  # noqa: BLE001 - one bad query must not end the server
        structlog.get_logger().warning("query failed", error=type(error).__name__, exc_info=error)
        return json.dumps({"error": type(error).__name__}).encode()
