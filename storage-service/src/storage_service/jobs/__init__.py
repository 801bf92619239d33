"""Jobs: what is done to many submissions, a few at a time, by whichever process is there."""
