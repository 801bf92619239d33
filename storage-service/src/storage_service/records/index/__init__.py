"""The index by which submissions are found: derived from them, made behind the drain, and made anew at any time."""
