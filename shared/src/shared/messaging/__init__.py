"""Messages: what a broker offers, the work with what it delivers, and a broker in memory for tests.

`broker` is the interface; the package `rabbitmq` and the module `memory` both offer it, held to the same
behaviour by one conformance suite.
"""
