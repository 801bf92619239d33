"""Transports: how bytes leave, by SMTP and by HTTP."""
