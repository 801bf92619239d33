"""Makes small pictures of pictures that strangers sent, in a process of its own, and keeps them in the store."""
