"""What became of a submission, for whoever holds its receipt."""
