"""Gives tests the ledger's records, which are in `counterfoil_ledger.records`."""

from counterfoil_ledger.records import Attempt, Entry, Ledger, Outcome

__all__ = ["Attempt", "Entry", "Ledger", "Outcome"]
