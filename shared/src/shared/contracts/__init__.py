"""The events, as they travel on the broker: frozen dataclasses, encode, decode, and one error.

Golden examples of each event live in `tests/contract/examples/<type>/`.
"""

from shared.contracts.announcements import (
    Announcement,
    Confirmation,
    ConfirmationChanged,
    ConfirmationState,
    SubmissionsStored,
    decode_announcement,
    encode_announcement,
)
from shared.contracts.strict_json import MAX_DEPTH, JsonValue, Unacceptable, check, parse
from shared.contracts.submission import (
    Control,
    InvalidEvent,
    Source,
    SubmissionAccepted,
    decode,
    document_of,
    encode,
    fingerprint,
    reply_address_of,
)

__all__ = [
    "MAX_DEPTH",
    "Announcement",
    "Confirmation",
    "ConfirmationChanged",
    "ConfirmationState",
    "Control",
    "InvalidEvent",
    "JsonValue",
    "Source",
    "SubmissionAccepted",
    "SubmissionsStored",
    "Unacceptable",
    "check",
    "decode",
    "decode_announcement",
    "document_of",
    "encode",
    "encode_announcement",
    "fingerprint",
    "parse",
    "reply_address_of",
]
