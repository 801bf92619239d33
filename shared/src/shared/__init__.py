"""What more than one Counterfoil service uses."""
