"""This package carries messages: the broker's interface, the worker of a queue, and a broker in memory.

`broker` is the interface; the package `rabbitmq` and the module `memory` both offer it, held to the same
behaviour by one conformance suite.
"""
