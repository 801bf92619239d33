"""What one process does for all of them, once a minute: finds what got lost, forgets what is old."""
