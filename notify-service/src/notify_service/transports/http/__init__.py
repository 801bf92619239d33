"""Requests by HTTP, to addresses that were checked."""
