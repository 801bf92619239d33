"""Passwords: which are taken, how they are kept, and whose one is."""

from storage_service.accounts.passwords.hashing import Busy, Hashing
from storage_service.accounts.passwords.passwords import BadPassword, Passwords, Right

__all__ = ["BadPassword", "Busy", "Hashing", "Passwords", "Right"]
