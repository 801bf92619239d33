"""Knows who asks, by a key or by an account, and keeps what each did."""
