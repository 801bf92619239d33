"""These modules do past pika what happens a thousand times a second; each leaves what is unusual to pika.

`tests/unit/test_fast_*.py` hold each against what pika itself makes of the same.
"""
