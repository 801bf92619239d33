"""Says what in a forms file has no effect or cannot work, before anybody fills in a form."""
