"""What an accepted submission is made of: a module each, which says how it is written, read and bounded."""
