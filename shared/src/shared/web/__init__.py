"""What the two processes that serve HTTP have in common: the gateway's workers and the storage service's console."""
