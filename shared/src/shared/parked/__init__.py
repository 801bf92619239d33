"""A service keeps the messages that it could not process, until a person replays or discards them.

A service runs `collector.ParkedCollector`, and its command `parked` is `command.run`. `cursors`, `limits`, `states` and
`parsing` need no database; all else needs the extra `counterfoil-shared[database]`.
"""
