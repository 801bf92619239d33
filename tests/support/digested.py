"""A notify service whose form has digests, over real tables; storage and the mail server are made up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from notify_service.channels.mail.composer import Composer
from notify_service.channels.owner import OwnerChannel
from notify_service.deliveries.marking import Marking
from notify_service.digests.building import DigestNeeds, build
from notify_service.digests.turning import Digests
from notify_service.digests.wording import DigestWording
from notify_service.tables import DIGESTS
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Form, Owner
from shared.forms.digest import parse_digest
from shared.messaging.broker import Answer, NoAnswer, Params
from shared.messaging.failures import Delivery
from support.confirmations import MAIL_FROM, TEMPLATES, FakeSender
from support.events import an_event
from support.wishes import Wishes

ADA, BOB = "owner@example.org", "second@example.org"
CONSOLE = "https://forms.example.org"
RECEIPT = "https://forms.example.org/receipts/x"


@dataclass
class MadeUpStorage:
    """`broker.RpcClient` to a storage that answers by what a test says of submissions; else that it is good."""

    states: dict[UUID, str] = field(default_factory=dict)
    words: dict[UUID, str] = field(default_factory=dict)
    unknown: set[UUID] = field(default_factory=set)
    is_away: bool = False
    asked: list[Params] = field(default_factory=list)

    def ask(self, queue: str, method: str, params: Params, *, is_named: bool = False) -> MadeUpStorage:
        assert method == "lines"
        self.asked.append(params)
        return self

    def answer(self, *, timeout_s: float) -> Answer:
        if self.is_away:
            raise NoAnswer
        ids = [UUID(one) for one in self.asked[-1]["ids"]]
        return {"lines": [self._line(one) for one in ids if one not in self.unknown]}

    def _line(self, one: UUID) -> dict[str, str]:
        words = self.words.get(one, "The boiler is cold")
        return {"id": str(one), "state": self.states.get(one, "good"), "who": "Ada Lovelace", "words": words}

    def close(self) -> None:
        pass


@dataclass
class MadeUpEndings:
    """`sending.Endings` as a test has it."""

    ended: set[str] = field(default_factory=set)

    def reason(self, address: str, form: str) -> str | None:
        return "unsubscribed" if address in self.ended else None

    def url(self, address: str, form: str, origin: str | None) -> str | None:
        return f"{origin}/unsubscribe/{form}" if origin else None


class Digested(Wishes):
    """The form `signup`, whose owner has an hourly digest until a test says otherwise, and mails nobody else."""

    def __init__(self, engine: Engine, *, most: int = 100) -> None:
        super().__init__(engine)
        self.most = most
        self.sender, self.storage, self.endings = FakeSender(), MadeUpStorage(), MadeUpEndings()
        self.outcomes: list[tuple[str, str, int]] = []
        self.marked: list[UUID] = []
        self.owners = OwnerChannel(Composer(MAIL_FROM, self.clock), TEMPLATES, [ADA], "UTC", CONSOLE)
        self.channels.clear()
        self.channels["owner"] = self.owners
        self.have("hourly")
        self.digests = self.replica()

    def have(self, digest: str | None, *to: str, **others: Any) -> None:
        """Let the form have this digest from now on."""
        owner = Owner(to=to or (ADA,), digest=parse_digest(digest) if digest else None)
        self.forms["signup"] = Form("signup", "Sign up", owner=replace(owner, **others))

    def replica(self, reach: Reach = ignore, sender: FakeSender | None = None) -> Digests:
        """Return what sends digests in one more process."""
        composer = Composer(MAIL_FROM, self.clock)
        wording = DigestWording(TEMPLATES, "Counterfoil", "UTC", CONSOLE)
        needs = DigestNeeds(
            self.engine,
            self.forms,
            self.owners,
            composer,
            wording,
            sender or self.sender,
            self.storage,
            self.endings,
            Marking(self._marked, lambda _: None),
            self.clock,
            self.most,
            60.0,
            lambda *told: self.outcomes.append(told),
            reach,
        )
        return build(needs, look_every_s=0.05)

    def _marked(self, mail: Any, delivery: UUID) -> Any:
        self.marked.append(delivery)
        return mail

    def come(self, number: int = 1, **fields: Any) -> list[SubmissionAccepted]:
        """Have so many submissions accepted and planned, in one batch."""
        at = [self.clock() + timedelta(microseconds=place) for place in range(number)]
        events = [replace(an_event(**fields), accepted_at=one, receipt_url=RECEIPT) for one in at]
        self.planner([Delivery(one) for one in events])
        return events

    def look(self) -> int:
        return self.digests.look()

    def next_hour(self) -> int:
        """Let an hour pass, and look."""
        self.clock.forward(hours=1)
        return self.look()

    def mails(self) -> list[EmailMessage]:
        """Return what was sent since the last time."""
        sent, self.sender.sent = self.sender.sent, []
        return [read(mail) for mail in sent]

    def item_count(self) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(DIGESTS.items.c.delivery_id)).all())

    def all_states(self, events: Collection[SubmissionAccepted]) -> set[tuple[str, str | None]]:
        """Return the states of what these submissions brought, with their reasons."""
        return {(row.state, row.last_error) for one in events for row in self.rows(one)}


def read(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.content, policy=policy.default)


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())
