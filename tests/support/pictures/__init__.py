"""Takes pictures of every page of the console, for people to look at."""
