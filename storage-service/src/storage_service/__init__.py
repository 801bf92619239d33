"""Persists each accepted submission exactly once."""
