"""Names what cannot be cleaned."""


class Damaged(Exception):
    """Nobody can tell where in this picture its metadata is."""
