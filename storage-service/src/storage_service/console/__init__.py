"""The process that owners' requests come to: an HTTP API, and the work that goes on behind it."""
