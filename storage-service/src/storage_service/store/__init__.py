"""Takes batches of accepted submissions and stores each submission exactly once."""
