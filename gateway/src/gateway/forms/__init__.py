"""Prepares a form for serving: its control fields, its dialect and its origins."""
