"""Accepts submissions over HTTP and answers what became of them."""
