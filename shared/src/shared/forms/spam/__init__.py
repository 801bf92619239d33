"""What a form says of spam: how it is judged, and rules of its own."""
