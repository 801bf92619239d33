"""Looks at files that are submitted: their names, their types, and what is to be taken out of them."""
