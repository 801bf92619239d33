"""Knows who asks, by a key, and keeps what each did."""
