"""Scores a submission by what an installation's owners have marked: features, model, its bytes, reasons in words.

Pure Python: a gateway scores with the standard library alone. How a model is learned is storage's
(`storage_service.spam.learning`); what becomes of a score is the gateway's.
"""

from shared.spam.codec import MODEL_BYTES_MOST, BadModel, digest_of, packed, unpacked
from shared.spam.known import Known
from shared.spam.model import REASONS_MOST, Model, Scored
from shared.spam.reasons import words_of
from shared.spam.repeats import network_hash, text_hash
from shared.spam.texts import SpamText, text_of

__all__ = [
    "MODEL_BYTES_MOST",
    "REASONS_MOST",
    "BadModel",
    "Known",
    "Model",
    "Scored",
    "SpamText",
    "digest_of",
    "network_hash",
    "packed",
    "text_hash",
    "text_of",
    "unpacked",
    "words_of",
]
