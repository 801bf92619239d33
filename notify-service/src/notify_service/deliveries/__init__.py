"""Deliveries: the table of what is to be sent, and the workers that send it."""
