"""Hooks: notify's own copy of what storage tells of them, and what becomes of it."""
