"""How somebody comes to an account: by the setup link, by an invitation, by a reset."""

from storage_service.accounts.joining.joining import Joining
from storage_service.accounts.joining.setup import EXPECTED, Setup, SetupToken, Told, setup_token

__all__ = ["EXPECTED", "Joining", "Setup", "SetupToken", "Told", "setup_token"]
