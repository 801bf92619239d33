"""Takes submissions with files: from the socket to the store piece by piece, never a whole file in memory.

Why it is as it is stands in docs/decisions/0071-uploads.md.
"""
