"""Reads the settings about sealed fields: the key that seals, and those that open."""

from __future__ import annotations

from environs import FileAwareEnv
from marshmallow import ValidationError

from shared.sealing.keys import OpeningKey, SealingKey, WrongKey, opening_keys


def sealing_key(env: FileAwareEnv) -> SealingKey | None:
    """Read `SEALING_KEY`, the public half that fields are sealed to; None by default."""
    try:
        return SealingKey.read(text) if (text := env.str("SEALING_KEY", "", validate=_is_sealing_key)) else None
    except WrongKey:  # said when the settings are sealed
        return None


def keys_that_open(env: FileAwareEnv) -> tuple[OpeningKey, ...]:
    """Read `OPENING_KEYS`, private halves, the newest first, with commas or line ends between; none by default."""
    try:
        return opening_keys(env.str("OPENING_KEYS", "", validate=_are_opening_keys) or "")
    except WrongKey:
        return ()


def _is_sealing_key(text: str) -> None:
    try:
        if text:
            SealingKey.read(text)
    except WrongKey as error:
        raise ValidationError(str(error)) from error


def _are_opening_keys(text: str) -> None:
    try:
        opening_keys(text)
    except WrongKey as error:
        raise ValidationError(str(error)) from error
