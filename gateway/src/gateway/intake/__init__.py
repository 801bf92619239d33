"""Takes submissions (POST /f/<form>): from a request to a confirmed event and its answer."""
