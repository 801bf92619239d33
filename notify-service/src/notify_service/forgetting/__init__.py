"""Forgets submissions that are erased, and what comes of them later."""
