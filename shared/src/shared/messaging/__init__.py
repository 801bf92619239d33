"""Messages in and out of RabbitMQ: the only package that knows pika.

`broker` says what a broker offers; `rabbitmq` and `memory` are the two that offer it, held to the same
behaviour by one conformance suite.
"""
