"""Has something done to submissions: counts first, asks a person, and follows the job."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil_cli.exits import Refused, Unreachable, Wrong
from counterfoil_cli.finding import found_id
from counterfoil_cli.harmless import line
from counterfoil_cli.session import Session

OPEN = ("waiting", "running")
LOOK_EVERY_S = 0.5
TRIES = 5


@dataclass(frozen=True, slots=True)
class Which:
    """Which submissions are meant: some ids, or all that a query finds. What `is_final` is asked about in any case."""

    ids: Sequence[str] = ()
    query: str | None = None
    yes: bool = False
    is_final: bool = False

    def asked(self, session: Session) -> dict[str, Any]:
        """Return it as the API takes it; raises `Failure`."""
        if bool(self.ids) == (self.query is not None):
            raise Wrong("say which: ids, or --matching QUERY, and not both")
        if self.query is not None:
            if not self.query.strip():
                raise Wrong("--matching is empty: all there are, spam too, is 'is:spam OR -is:spam'")
            return {"q": self.query, "tz": session.zone()}
        return {"ids": [*dict.fromkeys(found_id(session.api(), one) for one in self.ids)]}


def work(session: Session, which: Which, action: Mapping[str, Any], words: str) -> None:
    """Have it done, and say what came of it. `words` say what is done to how many: "mark {} as done".

    A person is asked where a query chooses, or where it cannot be undone. Raises `Failure`.
    """
    asked = {**which.asked(session), "action": dict(action)}
    counted = _sent(session, asked, {})
    count = int(counted["count"])
    if (missing := len(asked.get("ids", ())) - count) > 0:
        raise Refused(f"{missing} of these ids are not here: nothing was done")
    if not count:
        raise Refused("nothing matches: nothing was done")
    is_asked = which.query is not None or which.is_final
    if is_asked and not session.confirm(f"{words.format(count_words(count))}?", yes=which.yes):
        raise Refused("nothing was done")
    sure = {**asked, "confirm": count, "moment": counted.get("moment")}
    job = await_job(session, _sent(session, sure, {"Idempotency-Key": str(uuid.uuid4())})["job"])
    if session.as_json:
        session.output.json(job)
    else:
        session.output.line(summary(job))
    if job.get("state") in ("failed", "stopped"):
        raise Refused(f"the job has {job['state']}: {line(job.get('error') or 'it was told to')}")


def await_job(session: Session, job: dict[str, Any]) -> dict[str, Any]:
    """Wait until a job has ended, and return it as it is then; raises `Failure`."""
    with session.output.progress(_progress(job)) as progress:
        while job.get("state") in OPEN:
            session.world.sleep(LOOK_EVERY_S)
            job = session.api().get(f"/jobs/{job['id']}")
            progress.say(_progress(job))
    return job


def summary(job: Mapping[str, Any]) -> str:
    """Return what came of a job, in a line, and how to undo it."""
    changed, unchanged, failed = (int(job.get(name) or 0) for name in ("changed", "unchanged", "failed"))
    if job.get("state") in OPEN:
        return _progress(job)
    what = {"resend": "sent again", "undo": "set back", "erase": "erased"}.get(str(job.get("kind")), "changed")
    words = [f"{count_words(changed)} {what}"]
    words += [f"{unchanged:,} left as they are"] if unchanged else []
    words += [f"{failed:,} could not be"] if failed else []
    undo = job.get("kind") == "change" and changed and not job.get("undone_by")
    return ", ".join(words) + (f"; counterfoil jobs --undo {line(job['id'])} takes it back" if undo else "")


def count_words(count: int) -> str:
    """Return `1 submission`, `2 submissions`."""
    return f"{count:,} submission{'' if count == 1 else 's'}"


def _progress(job: Mapping[str, Any]) -> str:
    return f"job {line(job.get('id', ''))}: {line(job.get('done', 0))} of {line(job.get('total', 0))}"


def _sent(session: Session, body: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    """Send it, again where nobody answers: the same request under the same key is one job."""
    for number in range(1, TRIES):
        try:
            return session.api().send("POST", "/submissions/bulk", body, headers)
        except Unreachable as error:
            if not headers and not error.after_s:
                raise
            session.world.sleep(max(error.after_s, 0.5 * number))
    return session.api().send("POST", "/submissions/bulk", body, headers)
