"""Runs the console as a process: its server, its worker, whether it runs, and how long requests take."""
