"""Says what is known of how an address was confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

_SAID: Mapping[str, str] = {
    "at": "Button pressed",
    "ip": "Network address",
    "user_agent": "Browser",
    "link_expires_at": "Link good until",
    "recorded_at": "Stored",
    "recipient": "Mark of the mailbox",
}
"""What each member of `opt_in_proof` is called, in the order in which they are shown."""

_MOMENTS = frozenset({"at", "link_expires_at", "recorded_at"})


def proof_shown(proof: Mapping[str, Any] | None, moment: Callable[[datetime], str]) -> Sequence[tuple[str, str]]:
    """Return the members of a proof with what they are called; none where there is no proof, or no more."""
    known = [(label, name, (proof or {}).get(name)) for name, label in _SAID.items()]
    return [
        (label, moment(datetime.fromisoformat(said)) if name in _MOMENTS else str(said))
        for label, name, said in known
        if said
    ]
