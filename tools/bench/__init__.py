"""Measures what Counterfoil claims about speed, beside its peers: `python -m bench`, or `make bench`."""
