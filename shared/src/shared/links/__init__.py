"""Links that a mail carries, each signed: what it says is in it, so that nobody keeps a list of what was sent."""
