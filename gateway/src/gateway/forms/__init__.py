"""A form while it serves: its control fields, dialects and origins."""
