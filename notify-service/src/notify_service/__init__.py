"""Sends the confirmations of accepted submissions."""
