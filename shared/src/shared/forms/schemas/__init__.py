"""Checks what may stand in the forms' file, by a marshmallow schema for each table."""
