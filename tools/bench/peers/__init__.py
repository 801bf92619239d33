"""The same work as others would do it, each written as its users would write it well."""
