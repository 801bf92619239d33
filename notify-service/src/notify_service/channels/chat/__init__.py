"""Chats: the owner is told of a submission in a room, in each service's own format and within its limits."""
