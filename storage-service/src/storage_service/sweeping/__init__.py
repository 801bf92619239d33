"""Removes files that nobody needs, and scans those that were not scanned: docs/decisions/0074-the-sweep.md."""
