"""Stores each accepted submission exactly once, and answers queries about it."""
