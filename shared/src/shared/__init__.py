"""Code that more than one Counterfoil service uses."""
