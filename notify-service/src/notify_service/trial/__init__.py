"""Trials: one delivery that is marked as a test, and each step of its conversation shown."""
