"""Tells an owner of several submissions by one mail: at a time of their choice, or where there are too many."""
