"""Says that a person's addresses are sent no mail, and why. It stays when they are erased: see docs/privacy.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_BECAUSE: Mapping[str, str] = {
    "bounced": "mail to it came back",
    "complained": "mail to it was called spam",
    "unsubscribed": "somebody unsubscribed there",
    "by-hand": "somebody here put it on the list",
}


@dataclass(frozen=True, slots=True)
class SuppressedAddress:
    """An entry as notify tells of it: `address` is what may be seen of it; `form` is None where all are stopped,
    `stops` is `all` or `digests`; `said` is what a mail server said, or a note, if anything."""

    address: str
    form: str | None
    stops: str
    reason: str
    at: str
    said: str | None

    @property
    def words(self) -> str:
        """It as a sentence."""
        what = "digests" if self.stops == "digests" else "mail"
        of = f" of the form {self.form}" if self.form else ""
        said = f" ({self.said})" if self.said else ""
        because = _BECAUSE.get(self.reason, self.reason)
        return f"{self.address} is sent no {what}{of} since {self.at[:10]}: {because}{said}."

    def to_json(self) -> dict[str, Any]:
        """Return it as the API and the copy show it."""
        return asdict(self)


def suppressed_of(told: Mapping[str, Any]) -> SuppressedAddress:
    """Return what notify told."""
    form, said = told.get("form"), told.get("said")
    return SuppressedAddress(
        address=str(told["address"]),
        form=str(form) if form else None,
        stops=str(told["stops"]),
        reason=str(told["reason"]),
        at=str(told["at"]),
        said=str(said) if said else None,
    )
