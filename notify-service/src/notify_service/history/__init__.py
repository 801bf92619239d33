"""Shows what was sent and what was not, and why: to owners, in their words."""
