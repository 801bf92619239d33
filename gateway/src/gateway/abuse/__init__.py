"""Keeps abuse away by rate limits and captchas."""
