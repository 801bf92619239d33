"""Does what every room needs of HTTP."""
