"""Knows which addresses are sent no mail, and why."""
