"""Defines the type of the fixture `connect`, which makes mail senders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from notify_service.transports.smtp.sender import SmtpSender

Connect: TypeAlias = Callable[..., SmtpSender]
