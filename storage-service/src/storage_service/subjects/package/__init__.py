"""What is handed to a person: a ZIP of JSON and a page to read."""
