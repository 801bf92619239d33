"""Builds what sends digests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from notify_service.channels.mail.composer import Composer
from notify_service.channels.owner import OwnerChannel
from notify_service.deliveries.marking import Marking
from notify_service.digests.gathering import Gather
from notify_service.digests.lines import StorageLines
from notify_service.digests.recording import DigestRecord
from notify_service.digests.sending import Endings, SendDigest
from notify_service.digests.table import DigestTable
from notify_service.digests.turning import LOOK_EVERY_S, Digests
from notify_service.digests.wording import DigestWording
from notify_service.tables import LEASES
from notify_service.transports.transport import Transport
from shared.database import Lease
from shared.failpoints import Reach, ignore
from shared.forms import Forms
from shared.messaging.broker import RpcClient


@dataclass(frozen=True, slots=True)
class DigestNeeds:
    """What digests are made from. `most` is COUNTERFOIL_DIGEST_MOST; `count` is told kind, outcome and deliveries."""

    engine: Engine
    forms: Forms
    owners: OwnerChannel
    composer: Composer
    wording: DigestWording
    transport: Transport
    rpc: RpcClient
    endings: Endings
    marking: Marking
    clock: Callable[[], datetime]
    most: int
    send_timeout_s: float
    count: Callable[[str, str, int], object] = lambda *_: None
    reach: Reach = ignore


def build(needs: DigestNeeds, *, look_every_s: float = LOOK_EVERY_S) -> Digests:
    """Return it, to run beside the consumers."""
    table = DigestTable(needs.engine)
    send = SendDigest(
        table,
        DigestRecord(needs.engine),
        needs.forms,
        needs.owners,
        needs.composer,
        needs.wording,
        needs.transport,
        StorageLines(needs.rpc),
        needs.endings,
        needs.marking,
        needs.clock,
        needs.most,
        needs.send_timeout_s,
        needs.count,
        needs.reach,
    )
    gather = Gather(table, needs.forms, needs.owners, needs.clock, needs.most)
    lease = Lease(LEASES, "digests")
    return Digests(needs.engine, lease, table, gather, send, needs.clock, needs.reach, look_every_s)
