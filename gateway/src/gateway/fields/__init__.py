"""What one field may hold, how it is checked and how it is asked for."""
