"""Limits what one query or one command about parked messages may ask for."""

LIMIT_MOST = 200
"""How many messages a page may have."""

REPLAY_MOST = 100
"""How many messages one query replays. Other queries wait for their answers meanwhile, receipts among them."""

NOTE_MOST = 500
"""How many characters a reason for discarding may have."""
