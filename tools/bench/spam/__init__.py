"""Measures the spam model on a public corpus, beside two other ways to learn one."""
