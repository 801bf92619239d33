"""Passkeys (WebAuthn): makes them, and knows who signs in by one."""
