"""What owners and operators ask for with a key."""
