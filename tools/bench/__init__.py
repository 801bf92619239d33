"""What Counterfoil claims about speed, measured beside its peers: `python -m bench`, or `make bench`."""
