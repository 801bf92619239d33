"""Answers owners and operators, who ask with a key."""
