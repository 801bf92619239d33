"""What every room needs of HTTP."""
