"""Reads values of the command line; each function returns one, or raises `argparse.ArgumentTypeError`."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError

from shared.messaging.rabbitmq import addresses


def url(text: str) -> str:
    """Read the address of an installation."""
    if not text.startswith(("http://", "https://")):
        raise ArgumentTypeError(f"{text!r} does not begin with http:// or https://")
    return text.rstrip("/")


def broker(text: str) -> str:
    """Read the address of a broker, or those of a cluster."""
    try:
        addresses.check(text)
    except addresses.WrongAddress as error:
        raise ArgumentTypeError(str(error)) from error
    return text


def field(text: str) -> tuple[str, str]:
    """Read the name of a field and what is to be sent in it."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ArgumentTypeError(f"{text!r} is not NAME=TEXT")
    return name, value


def expected(text: str) -> tuple[str, int]:
    """Read a channel, and how many deliveries of it each submission must have."""
    channel, equals, number = text.partition("=")
    if not (channel and equals and number.isascii() and number.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is not CHANNEL=NUMBER, such as email=1")
    return channel, int(number)


def count(text: str) -> int:
    """Read a whole number above 0."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def positive(text: str) -> float:
    """Read a number above 0."""
    number = _number(text)
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def share(text: str) -> float:
    """Read a number from 0 to 1."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
