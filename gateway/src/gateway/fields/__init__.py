"""Checks the values of fields, and asks for them on a page."""
