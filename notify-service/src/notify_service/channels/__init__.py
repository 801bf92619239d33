"""Channels: what each kind of delivery says, and to whom."""
