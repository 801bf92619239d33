"""This package makes RabbitMQ a broker; no other knows pika and the bytes of AMQP.

`broker.py` puts the parts together. `fast/` holds what goes past pika; `connection.py` alone uses it.
"""

from shared.messaging.rabbitmq.broker import RabbitMQ

__all__ = ["RabbitMQ"]
