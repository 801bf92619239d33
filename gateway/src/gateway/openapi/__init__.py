"""Describes the gateway in OpenAPI 3.1, from the form definitions. Schemathesis holds it true."""
