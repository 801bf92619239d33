"""The ledger's records, under the name by which tests know them: they are `counterfoil_ledger.records`."""

from counterfoil_ledger.records import Attempt, Entry, Ledger, Outcome

__all__ = ["Attempt", "Entry", "Ledger", "Outcome"]
