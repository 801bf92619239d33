"""The sections of a form that name a room in a chat, in which its owner is told."""

from shared.forms.chats.schemas import PushSchema, RoomSchema, TelegramSchema
from shared.forms.chats.sections import PUSHES, TELEGRAM_URL, Chat, Room, TelegramChat

__all__ = ["PUSHES", "TELEGRAM_URL", "Chat", "PushSchema", "Room", "RoomSchema", "TelegramChat", "TelegramSchema"]
