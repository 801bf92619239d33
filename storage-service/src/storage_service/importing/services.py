"""Says of each service what its exports call what is known beside the fields. docs/moving-in.md names the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Literal, TypeAlias

Role: TypeAlias = Literal[
    "time",
    "ip",
    "user_agent",
    "referer",
    "language",
    "reply_to",
    "subject",
    "spam",
    "trap",
    "unfinished",
    "nothing",
]
"""What a column is that is no field. `trap` is a field that people do not see, `unfinished` the state of a form that
somebody may have left half-way, `nothing` what is not taken over."""

ROLES: Sequence[Role] = ("time", "ip", "user_agent", "referer", "language", "reply_to", "subject", "spam")
"""Those that somebody may give to a column."""

Kind: TypeAlias = Literal["csv", "ndjson", "any"]


@dataclass(frozen=True, slots=True)
class Service:
    """Where a file comes from.

    `roles` are columns that are no fields, by name, `inside` the member of a JSON record that has its fields. `zone` is
    that of moments which name none, where the service's documentation, or its code, says it.
    """

    name: str
    title: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    inside: str | None = None
    zone: tzinfo | None = None
    kind: Kind = "any"


_SOURCE: Mapping[str, Role] = {"ip": "ip", "user_agent": "user_agent", "referrer": "referer"}

_ALL = (
    Service(
        "formspree",
        "Formspree",
        {
            "date": "time",
            "_date": "time",
            "id": "nothing",
            "_id": "nothing",
            "_replyto": "reply_to",
            "_subject": "subject",
            "_gotcha": "trap",
            **dict.fromkeys(("_next", "_cc", "_format", "_language", "_status", "_host_nonce"), "nothing"),
        },
        zone=UTC,
    ),
    Service(
        "netlify",
        "Netlify Forms",
        {
            "created_at": "time",
            "form-name": "nothing",
            "bot-field": "trap",
            **dict.fromkeys(("id", "number", "form_id", "form_name", "site_url"), "nothing"),
            **_SOURCE,
        },
        inside="data",
        zone=UTC,
    ),
    Service(
        "basin",
        "Basin",
        {
            "created_at": "time",
            "spam": "spam",
            "_gotcha": "trap",
            **dict.fromkeys(("id", "submission_id", "form_id", "_next", "_redirect"), "nothing"),
            **_SOURCE,
        },
        inside="payload_params",
    ),
    Service("getform", "Getform", {"submissionDate": "time", "id": "nothing", "_gotcha": "trap"}),
    Service(
        "web3forms",
        "Web3Forms",
        {
            "Timestamp": "time",
            "submittedAt": "time",
            "subject": "subject",
            "replyto": "reply_to",
            "botcheck": "trap",
            **dict.fromkeys(("access_key", "apikey", "from_name", "redirect", "ccemail", "webhook"), "nothing"),
            **dict.fromkeys(("recaptcha_response", "g-recaptcha-response", "h-captcha-response"), "nothing"),
        },
    ),
    Service("opnform", "OpnForm", {"created_at": "time", "id": "nothing", "status": "unfinished"}, zone=UTC),
    Service("csv", "a table", kind="csv"),
    Service("ndjson", "lines of JSON", kind="ndjson"),
    Service("counterfoil", "Counterfoil"),
)

SERVICES: Mapping[str, Service] = {one.name: one for one in _ALL}
"""Each by the name that `--from` takes."""

OURS = "counterfoil"

UNFINISHED = "In Progress"
"""What OpnForm's export says of a form that somebody has not sent; else it says `Completed`."""
