"""Reads form definitions from one TOML file, and reports every error with its line.

The gateway accepts submissions by this file, and the notify service confirms them by it.
"""

from shared.forms.captcha import Captcha
from shared.forms.chats import Chat, Room, TelegramChat
from shared.forms.checks.warnings import find_warnings
from shared.forms.definitions import (
    CHANNELS,
    NAME,
    ConfirmationMail,
    Dialect,
    Field,
    Form,
    Forms,
    FormsError,
    RetentionAction,
    Unknown,
)
from shared.forms.field_types import FIELD_TYPES
from shared.forms.file import file_at, load
from shared.forms.owner import Owner
from shared.forms.rates import parse_rate
from shared.forms.reloading import ReloadingForms
from shared.forms.route import Route
from shared.forms.secrets import FOLDER, FormSecrets, NoSecret, missing
from shared.forms.spam.rules import SpamRules
from shared.forms.uploads import FileRules, Files, size_text
from shared.forms.webhook import Header, Webhook

__all__ = [
    "CHANNELS",
    "FIELD_TYPES",
    "FOLDER",
    "NAME",
    "Captcha",
    "Chat",
    "ConfirmationMail",
    "Dialect",
    "Field",
    "FileRules",
    "Files",
    "Form",
    "FormSecrets",
    "Forms",
    "FormsError",
    "Header",
    "NoSecret",
    "Owner",
    "ReloadingForms",
    "RetentionAction",
    "Room",
    "Route",
    "SpamRules",
    "TelegramChat",
    "Unknown",
    "Webhook",
    "file_at",
    "find_warnings",
    "load",
    "missing",
    "parse_rate",
    "size_text",
]
