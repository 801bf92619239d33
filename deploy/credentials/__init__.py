"""Makes the users of an installation's broker and databases: each service has its own, and each may do what it must."""
