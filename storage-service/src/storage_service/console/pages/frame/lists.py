"""Names the list that all pages know: the inbox."""

INBOX = "/console/inbox"

USUAL = "is:new -is:spam"
"""What the inbox shows where nothing is asked for: what nobody has begun with."""
