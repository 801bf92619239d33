"""Takes the answer of whoever got a mail that asks whether an address is right: the page of its button."""
