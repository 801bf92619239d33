"""How a test makes a sender of mail to a server; see the fixture `connect`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from notify_service.transports.smtp.sender import SmtpSender

Connect: TypeAlias = Callable[..., SmtpSender]
