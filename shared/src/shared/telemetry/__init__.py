"""Reports whether a process is alive, whether it is ready, and its metrics."""
