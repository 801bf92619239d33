"""The server, its workers, their health and what is measured."""
