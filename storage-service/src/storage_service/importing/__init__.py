"""Takes submissions over from files: other form services' exports, tables, and our own exports. It sends nothing."""
