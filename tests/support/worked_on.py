"""What was done with stored submissions, for the tests of searching."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st
from sqlalchemy import Engine

from shared.contracts import SubmissionAccepted
from shared.query.tree import Assigned, Has, Is, Label
from storage_service.records.folding import folded_label
from storage_service.work import Change, Work
from support.working import an_asker

ME = "Ada@example.org"


@dataclass(frozen=True, slots=True)
class Did:
    """What was changed of a submission, and whether a reply was noted."""

    change: Change
    is_replied: bool = False

    def answers(self, term: Is | Label | Assigned | Has, event: SubmissionAccepted) -> bool:
        """Return what holds of a submission with which this was done, said in another way than a database does."""
        match term:
            case Is(value="spam"):
                return event.spam is not None if self.change.spam is None else self.change.spam
            case Is(value="starred"):
                return bool(self.change.starred)
            case Is(value=state):
                return (self.change.state or "new") == state
            case Label(value=label):
                return folded_label(label) in map(folded_label, self.change.labels or ())
            case Assigned(value=whom):
                wanted = {"me": ME.lower(), "none": ""}.get(whom, whom.lower())
                return (self.change.assignee or "") == wanted
            case _:
                return self.is_replied


def work_on(engine: Engine, done: Iterable[tuple[SubmissionAccepted, Did]]) -> None:
    """Do it with what is stored, in one transaction but for the replies."""
    done, work = list(done), Work(engine)
    with engine.begin() as connection:
        for event, did in done:
            work.change_many(connection, [event.id], did.change, an_asker())
    for event, did in done:
        if did.is_replied:
            work.replied(event.id, an_asker())


CHANGES = st.builds(
    Change,
    state=st.sampled_from([None, "new", "open", "done"]),
    starred=st.sampled_from([None, True]),
    labels=st.lists(st.sampled_from(["a", "a B", "c", "d"]), max_size=2).map(tuple),
    assignee=st.sampled_from([None, "ada@example.org", "bob@example.net"]),
    spam=st.sampled_from([None, None, True]),
)
DEEDS = st.builds(Did, CHANGES, st.booleans())
