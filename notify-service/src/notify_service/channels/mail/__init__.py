"""Mails: their words, whose mailbox an address is, and their bytes."""
