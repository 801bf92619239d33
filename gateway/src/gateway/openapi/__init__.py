"""The gateway's description of itself: OpenAPI 3.1, made from the form definitions and held true by schemathesis."""

from gateway.openapi.document import document_of

__all__ = ["document_of"]
