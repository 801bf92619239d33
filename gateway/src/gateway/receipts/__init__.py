"""Shows what became of a submission to whoever holds its receipt."""
