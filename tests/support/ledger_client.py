"""Gives tests the ledger's load, which is in `counterfoil_ledger.load`."""

from counterfoil_ledger.load import FIELDS, Line, Load, LoadClient, submission

__all__ = ["FIELDS", "Line", "Load", "LoadClient", "submission"]
