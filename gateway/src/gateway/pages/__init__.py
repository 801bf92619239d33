"""Shows a form to a browser: the pages, their templates and static files."""
