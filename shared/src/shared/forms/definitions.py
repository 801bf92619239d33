"""Defines a form, its fields and its confirmation, as the services use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as members_of
from datetime import date, timedelta
from typing import Literal, TypeAlias

from shared.forms.captcha import Captcha, CaptchaSchema
from shared.forms.chats import PushSchema, Room, RoomSchema, TelegramChat, TelegramSchema
from shared.forms.owner import Owner, OwnerSchema
from shared.forms.route import Route
from shared.forms.spam.rules import SpamRules
from shared.forms.spam.schemas import SpamSchema
from shared.forms.uploads.rules import FileRules, Files
from shared.forms.uploads.schemas import FilesSchema
from shared.forms.webhook import Webhook, WebhookSchema

Dialect: TypeAlias = Literal["formspree", "web3forms", "netlify", "basin"]
"""The form services whose pages a form can take unchanged."""

Unknown: TypeAlias = Literal["refuse", "keep", "drop"]

RetentionAction: TypeAlias = Literal["erase", "anonymise"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a form may be called: it stands in addresses."""


ADDRESS_NAMES = ("email", "Email")
"""The fields a confirmation goes to: whatever their type, what stands in them is an address."""


class FormsError(Exception):
    """The form definitions are wrong; the text names each place and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `type` is one of `FIELD_TYPES`, which say what belongs to which.

    `min_length` and `max_length` count characters.
    `min` and `max` bound a number or a date, and count the entries of a list. `pattern` has to match the whole value
    (RE2's syntax). `help` is a sentence for the page. What stands in a `sensitive` field is sealed by the gateway, and
    nobody but an owner sees it. `file` says what files a field of type `file` takes; None for any other.
    """

    name: str
    type: str
    required: bool = False
    min_length: int = 0
    max_length: int = 5000
    pattern: str | None = None
    min: int | float | date | None = None
    max: int | float | date | None = None
    label: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    sensitive: bool = False
    file: FileRules | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether it holds nothing that somebody typed, and nothing that is sealed."""
        return (bool(self.choices) or self.type == "boolean") and not self.sensitive

    def offers(self, value: object) -> bool:
        """Say whether a value is one that may be chosen."""
        if self.type == "boolean":
            return isinstance(value, bool)
        said = value if isinstance(value, list) else [value]
        return all(one in self.choices for one in said)


@dataclass(frozen=True, slots=True)
class ConfirmationMail:
    """The mail to the submitter. `subject` and `text` are templates: `{name}` repeats what the field `name` holds.

    `subject_from_page` lets the posting page choose the subject (`_subject`). Then anybody can choose it.
    With `opt_in` the mail has a button, and a submission counts once it was pressed: until then nothing else of it is
    delivered, and with `unconfirmed_apart` the console does not list it among the others.
    """

    enabled: bool = True
    subject: str = ""
    text: str = ""
    subject_from_page: bool = False
    opt_in: bool = False
    unconfirmed_apart: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `fields` is None where it takes any fields; `redirect` is where a browser goes after a 202.

    `rate_limit` is how often one address may submit; None leaves it to the gateway's setting. `deduplicate` is how long
    the same fields are one submission.
    `allow_no_origin` accepts a page that sends no origin, although other origins are refused. `text_plain` accepts
    JSON and urlencoded bodies that are declared as plain text.
    `access_key` is the key that a page written for Web3Forms has to send; with None any key will do.
    `routes` say whom to tell of which submissions.
    `retention` is how long after it was accepted a submission is kept, None for ever, and `retention_action` what is
    done to it then. `spam_retention` is the same for spam, which is always erased; None: as long as the others.
    `unconfirmed_retention` is the same for what waits to be confirmed; None where `confirmation` asks for no opt-in.
    `unknown` says what happens to fields that are not among `fields`. `owner` is None where nothing is said of the
    owner's mail: notify's setting says then who gets it. `webhook` is None where the form has none; `webhooks` are
    those that have names of their own.
    `mail_domains` are private domains that addresses may have: `intranet`, `corp.local`. `language` is the tag (`de`,
    `pt-BR`) of the language that the form and its owner's words are in; None where nobody says.
    `files` says what files it takes; None where it takes none. `spam` says how its submissions are judged.
    What has a schema in its metadata as `table` is a table of the file, which that schema checks.
    """

    name: str
    title: str
    fields: Mapping[str, Field] | None = None
    allowed_origins: tuple[str, ...] = ()
    allow_no_origin: bool = False
    text_plain: bool = False
    redirect: str | None = None
    honeypot: str | None = None
    active: bool = True
    dialect: Dialect | None = None
    access_key: str | None = None
    unknown: Unknown = "refuse"
    rate_limit: str | None = None
    deduplicate: timedelta | None = None
    retention: timedelta | None = None
    spam_retention: timedelta | None = None
    unconfirmed_retention: timedelta | None = None
    retention_action: RetentionAction = "erase"
    captcha: Captcha | None = field(default=None, metadata={"table": CaptchaSchema})
    mail_domains: tuple[str, ...] = ()
    language: str | None = None
    confirmation: ConfirmationMail = field(default_factory=ConfirmationMail)
    owner: Owner | None = field(default=None, metadata={"table": OwnerSchema})
    webhook: Webhook | None = field(default=None, metadata={"table": WebhookSchema})
    webhooks: tuple[Webhook, ...] = ()
    slack: Room | None = field(default=None, metadata={"table": RoomSchema})
    discord: Room | None = field(default=None, metadata={"table": RoomSchema})
    teams: Room | None = field(default=None, metadata={"table": RoomSchema})
    telegram: TelegramChat | None = field(default=None, metadata={"table": TelegramSchema})
    apprise: Room | None = field(default=None, metadata={"table": PushSchema})
    routes: tuple[Route, ...] = ()
    files: Files | None = field(default=None, metadata={"table": FilesSchema})
    spam: SpamRules = field(default_factory=SpamRules, metadata={"table": SpamSchema})

    @property
    def takes_files(self) -> bool:
        """Whether a submission to it may have files."""
        return self.files is not None

    def file_rules(self, name: str) -> FileRules | None:
        """Return what files are taken under a name; None where none are."""
        known = (self.fields or {}).get(name)
        if known is not None or self.files is None:
            return known.file if known else None
        return self.files.rules if self.files.undeclared else None

    @property
    def tells_owner(self) -> bool:
        """Whether its owner may be told of a submission. Who gets mail where the form does not say, notify knows."""
        may_get_mail = self.owner is None or self.owner.enabled
        return may_get_mail or bool(self.told_by)

    @property
    def told_by(self) -> tuple[str, ...]:
        """The channels that tell its owner, but for the mail to them: `webhook`, and the chats it has a section for."""
        chats = (name for name in CHANNELS if getattr(self, name) is not None)
        return (*(["webhook"] if self.every_webhook else []), *chats)

    @property
    def every_webhook(self) -> tuple[Webhook, ...]:
        """That of the section `webhook`, whose name is `owner`, and those of the list."""
        return self.webhooks if self.webhook is None else (self.webhook, *self.webhooks)

    @property
    def chosen_fields(self) -> tuple[str, ...]:
        """The fields that hold only what the form offers, also yes or no: they stay in what is anonymised."""
        return tuple(name for name, one in (self.fields or {}).items() if one.is_chosen)

    def offers(self, name: str, value: object) -> bool:
        """Say whether a field holds what the form offers: one of this name may have held anything before, where the
        form was another then, where it was taken for spam, or where it was imported."""
        field = (self.fields or {}).get(name)
        return field is not None and field.is_chosen and field.offers(value)

    @property
    def sensitive_fields(self) -> tuple[str, ...]:
        """The names of the fields that are sealed."""
        return tuple(name for name, field in (self.fields or {}).items() if field.sensitive)

    @property
    def address_field(self) -> str | None:
        """The field that an address to confirm is looked for in first; None where the form names none, and a page has
        to send `_replyto`."""
        if self.fields is None:
            return ADDRESS_NAMES[0]
        return next((name for name in ADDRESS_NAMES if name in self.fields), self.mail_field)

    @property
    def mail_field(self) -> str | None:
        """The field that a confirmation goes to where no field has a name of `ADDRESS_NAMES`: the only email field.

        A sensitive one is none.
        """
        fields = self.fields or {}
        mails = [name for name, field in fields.items() if field.type == "email" and not field.sensitive]
        return mails[0] if len(mails) == 1 and not fields.keys() & ADDRESS_NAMES else None


_NO_CHANNELS = ("captcha", "files", "owner", "spam", "webhook")

CHANNELS = tuple(one.name for one in members_of(Form) if "table" in one.metadata and one.name not in _NO_CHANNELS)
"""The tables of a form that tell its owner over a channel of the same name: all but the owner's mail and webhooks."""

Forms: TypeAlias = Mapping[str, Form]
