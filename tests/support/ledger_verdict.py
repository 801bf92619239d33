"""Gives tests the ledger's verdict, which is in `counterfoil_ledger.verdict`."""

from counterfoil_ledger.holdings import Holdings, StoredRow
from counterfoil_ledger.verdict import Allowed, Finding, Observed, Verdict, compare

__all__ = ["Allowed", "Finding", "Holdings", "Observed", "StoredRow", "Verdict", "compare"]
