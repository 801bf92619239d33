"""Works with a Counterfoil installation from a terminal, over its API alone."""
