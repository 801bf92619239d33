"""Runs the server and its workers, and measures them."""
