"""Measures the ceilings: what broker, view, connection, database and mail server reach alone."""
