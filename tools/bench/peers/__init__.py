"""Does the same work with other libraries, each used as its users would use it well."""
