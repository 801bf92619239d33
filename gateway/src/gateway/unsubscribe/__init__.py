"""Takes the answer of whoever wants no more mails: the page of its button, and the one click of mail programs."""
