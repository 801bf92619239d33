"""Sends mails with links into accounts of the console: each once, while its link is good."""
