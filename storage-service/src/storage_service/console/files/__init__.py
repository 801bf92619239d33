"""Hands out files that strangers sent: as attachments that no browser runs, in ranges, and noted in the audit."""
