"""Opens the sealed fields of what is stored, says which keys are in use, and seals them to another key.

The consumer of submissions uses nothing of it: only the console and the command `seal` are given keys that open.
"""

from storage_service.sealed.opening import Locked, Opened, Opening

__all__ = ["Locked", "Opened", "Opening"]
