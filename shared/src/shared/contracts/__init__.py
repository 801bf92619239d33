"""This package holds the events that travel on the broker: a module each, and one registry.

Golden examples of each event live in `tests/contract/examples/<type>/`.
"""

from shared.contracts.account_mail import AccountMail
from shared.contracts.address_suppressed import AddressSuppressed
from shared.contracts.announcements import (
    Announcement,
    Confirmation,
    ConfirmationChanged,
    ConfirmationState,
    OptedIn,
    ReceiptNews,
    SpamModelMade,
    SubmissionsStored,
    decode_announcement,
    encode_announcement,
)
from shared.contracts.delivery import NO_REQUEST, DeliveryDue
from shared.contracts.delivery_missing import MISSING_MOST, DeliveryFound, DeliveryMissing, Missing
from shared.contracts.delivery_requested import DeliveryRequested
from shared.contracts.delivery_settled import SETTLED_MOST, DeliverySettled, DeliveryState
from shared.contracts.event import Decoder, Event, InvalidEvent
from shared.contracts.hook_changed import HookChanged
from shared.contracts.hook_gone import HookGone
from shared.contracts.mail_bounced import BounceKind, MailBounced
from shared.contracts.parts.control import Control, reply_address_of
from shared.contracts.parts.submitted_file import SubmittedFile
from shared.contracts.parts.verdict import Verdict
from shared.contracts.registry import REGISTRY, decode, decoder, encode, register
from shared.contracts.strict_json import MAX_DEPTH, JsonValue, Unacceptable, check, parse
from shared.contracts.submission import (
    HONEYPOT,
    Source,
    SubmissionAccepted,
    document_of,
    fingerprint,
)
from shared.contracts.submission_erased import ERASED_GRACE, SubmissionErased
from shared.contracts.submission_opted_in import SubmissionOptedIn
from shared.contracts.submission_released import SubmissionReleased
from shared.contracts.submission_withheld import SubmissionWithheld

__all__ = [
    "ERASED_GRACE",
    "HONEYPOT",
    "MAX_DEPTH",
    "MISSING_MOST",
    "NO_REQUEST",
    "REGISTRY",
    "SETTLED_MOST",
    "AccountMail",
    "AddressSuppressed",
    "Announcement",
    "BounceKind",
    "Confirmation",
    "ConfirmationChanged",
    "ConfirmationState",
    "Control",
    "Decoder",
    "DeliveryDue",
    "DeliveryFound",
    "DeliveryMissing",
    "DeliveryRequested",
    "DeliverySettled",
    "DeliveryState",
    "Event",
    "HookChanged",
    "HookGone",
    "InvalidEvent",
    "JsonValue",
    "MailBounced",
    "Missing",
    "OptedIn",
    "ReceiptNews",
    "Source",
    "SpamModelMade",
    "SubmissionAccepted",
    "SubmissionErased",
    "SubmissionOptedIn",
    "SubmissionReleased",
    "SubmissionWithheld",
    "SubmissionsStored",
    "SubmittedFile",
    "Unacceptable",
    "Verdict",
    "check",
    "decode",
    "decode_announcement",
    "decoder",
    "document_of",
    "encode",
    "encode_announcement",
    "fingerprint",
    "parse",
    "register",
    "reply_address_of",
]
