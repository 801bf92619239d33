"""Retention: erases, or makes anonymous, what forms say is kept for some time only."""
