"""Passes what owners and operators ask for on to the console."""
