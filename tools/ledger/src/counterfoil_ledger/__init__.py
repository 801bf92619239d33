"""Proves to an operator that an installation keeps its promise, or names what contradicts it."""
