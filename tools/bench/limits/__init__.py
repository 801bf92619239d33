"""The ceilings: what the broker, the view, the connection, the database and the mail server can do by themselves."""
