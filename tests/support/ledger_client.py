"""The ledger's load, under the name by which tests know it: it is `counterfoil_ledger.load`."""

from counterfoil_ledger.load import FIELDS, Line, Load, LoadClient, submission

__all__ = ["FIELDS", "Line", "Load", "LoadClient", "submission"]
