"""What a process tells about itself: whether it lives, whether it is ready, and its metrics."""
