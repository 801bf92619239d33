"""What a browser shows of a form."""
