"""Sends the confirmations of accepted submissions, and tells the owners of forms by webhook."""
