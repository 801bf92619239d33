"""Checks the sections that name a room in a chat."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from shared.forms.chats.sections import Chat, Room, TelegramChat
from shared.forms.schemas.field import FIELD_NAME
from shared.forms.schemas.switches import Switch
from shared.forms.schemas.tables import Table
from shared.forms.schemas.texts import Text
from shared.forms.webhook.schemas import is_address

_CHAT = re.compile(r"-?[1-9][0-9]{0,19}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_CHAT_EXPECTED = "expected the number of a chat, such as -1001234567890, or the public name of a channel, such as @news"
_INCLUDED_MOST = 1000


def _file(what: str) -> Text:
    """Return the key of a file that holds a secret."""
    missing = f"expected the name of a file that holds {what}"
    return Text(required=True, validate=validate.Length(1, 1000), error_messages={"required": missing})


def _is_base(url: str) -> None:
    is_address(url)
    if "?" in url:
        raise ValidationError("expected an address without a query, such as http://telegram.internal:8081")


class _ChatNumber(Text):
    """The number of a chat, as a number or as text, or a public name."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        text = super()._deserialize(str(value) if is_number else value, attr, data, **options)
        if not _CHAT.fullmatch(text):
            raise ValidationError(_CHAT_EXPECTED)
        return text


class ChatSchema(Table):
    """What all of them have. One that is switched off is none."""

    include = fields.List(Text(validate=FIELD_NAME), validate=validate.Length(max=_INCLUDED_MOST))
    enabled = Switch()

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Chat | None:
        if not data.pop("enabled", True):
            return None
        if "include" in data:
            data["include"] = tuple(data["include"])
        return self.section(**data)

    def section(self, **data: Any) -> Chat:
        """Return the section."""
        return Room(**data)


class RoomSchema(ChatSchema):
    """A section `slack`, `discord` or `teams`."""

    url_file = _file("the address of a webhook")


class PushSchema(ChatSchema):
    """A section `apprise`."""

    url_file = _file("a URL of Apprise")


class TelegramSchema(ChatSchema):
    """A section `telegram`."""

    token_file = _file("the token of a bot")
    chat = _ChatNumber(required=True, error_messages={"required": _CHAT_EXPECTED})
    url = Text(validate=[validate.Length(max=2000), _is_base])

    def section(self, **data: Any) -> Chat:
        """Return the section."""
        return TelegramChat(**data)
