"""`delivery.due.v1` tells notify's workers that one delivery of a submission is due."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from shared.contracts.members import document_in, member, text_or_none, uuid_of
from shared.contracts.registry import register
from shared.contracts.strict_json import MAX_DEPTH
from shared.contracts.submission import SubmissionAccepted, document_of

NO_REQUEST = UUID(int=0)
"""The request of a delivery that the submission itself asks for. It is a value: NULLs are distinct in a UNIQUE."""

_HEAD = re.compile(
    rb'\{"delivery":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","channel":"([a-z_.-]{1,64})",'
    rb'(?:"destination":"([A-Za-z0-9_.:-]{0,200})",)?'
    rb'(?:"request":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",)?"submission":'
)


@register
@dataclass(frozen=True, slots=True)
class DeliveryDue:
    """A delivery that is due: `id` names it in notify's table, `channel` says how it is composed.

    `destination` is what stands for its destination there, never an address; empty where an earlier version says
    nothing of it. `request` is the request that asked for it, all zeros where the submission did.
    """

    TYPE: ClassVar[str] = "delivery.due.v1"

    id: UUID
    channel: str
    submission: SubmissionAccepted
    destination: str = ""
    request: UUID = NO_REQUEST

    def encode(self) -> bytes:
        """Return it as the body of a message; the submission's document goes into it as it came."""
        return b'{"delivery":"%s","channel":%s,"destination":%s,%s"submission":%s}' % (
            str(self.id).encode(),
            json.dumps(self.channel).encode(),
            json.dumps(self.destination).encode(),
            b"" if self.request == NO_REQUEST else b'"request":"%s",' % str(self.request).encode(),
            document_of(self.submission).encode(),
        )

    @classmethod
    def decode(cls, body: bytes) -> DeliveryDue:
        """Read a message body; raises `InvalidEvent`."""
        return _decoded_quickly(body) or _decoded_strictly(body)


def _decoded_quickly(body: bytes) -> DeliveryDue | None:
    """Return the delivery of a body just as `encode` writes it, where the submission in it can be read quickly, too."""
    head = _HEAD.match(body)
    if head is None or not body.endswith(b"}"):
        return None
    submission = SubmissionAccepted.decode_quickly(body[head.end() : -1])
    if submission is None:
        return None
    request = UUID(head[4].decode()) if head[4] else NO_REQUEST
    destination = (head[3] or b"").decode()
    return DeliveryDue(UUID(head[1].decode()), head[2].decode(), submission, destination, request)


def _decoded_strictly(body: bytes) -> DeliveryDue:
    document = document_in(body, most_depth=MAX_DEPTH + 2)  # the submission is one level around its fields, this two
    submission = SubmissionAccepted.of_document(member(document, "submission", dict))
    key = uuid_of(member(document, "delivery", str), "delivery")
    destination, told = text_or_none(document, "destination") or "", text_or_none(document, "request")
    request = NO_REQUEST if told is None else uuid_of(told, "request")
    return DeliveryDue(key, member(document, "channel", str), submission, destination, request)
