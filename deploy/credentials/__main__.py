"""`python -m credentials DIR`: makes what is missing below DIR, and writes anew what follows from it.

    DIR/storage, DIR/notify     broker_url, database_url and the passwords they hold, for the service alone
    DIR/console                 broker_url and its password, and storage's database_url
    DIR/gateway, DIR/topology   broker_url and its password
    DIR/gateway, storage, notify, console   files_key_id, files_secret: the key to an object store, where one has files
    DIR/objects/s3.json         the same for the S3 server of Compose's profile `s3`
    DIR/gateway/forms, DIR/notify/forms   empty: for the secrets that forms name, captchas' and webhooks'
    DIR/broker/definitions.json the broker's users with their permissions: salted hashes, no password
    DIR/broker/erlang_cookie    what the nodes of a cluster know each other by: a secret, and for the brokers alone
    DIR/database/init.sql       the databases and their users: salted hashes, no password

Run again it keeps every password; a key to files that somebody wrote into DIR/gateway goes to the others. BROKER_HOSTS
(default `rabbitmq`) names the hosts of the addresses, with commas between, and DATABASE_HOST (default `postgres`) that
of the databases.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from credentials import broker, database, objects
from credentials.files import keep_password, write

PRIVATE, PUBLIC = 0o600, 0o644

READ_FORM_SECRETS = ("gateway", "notify")
"""Whose forms' secrets lie below their folder, in `forms`, apart from what is made here."""


def main() -> int:
    """Make the credentials in the directory that the command line names."""
    if len(sys.argv) != 2:
        print(f"usage: python -m credentials DIR\n\n{__doc__}", file=sys.stderr)
        return 2
    hosts = os.environ.get("BROKER_HOSTS", "rabbitmq").split(",")
    make(Path(sys.argv[1]), [host.strip() for host in hosts], os.environ.get("DATABASE_HOST", "postgres"))
    return 0


def make(directory: Path, broker_hosts: list[str], database_host: str) -> None:
    """Make what is missing. A password that is there stays; every address and definition is written anew."""
    users = {name: keep_password(directory / name / "broker_password") for name in broker.PERMISSIONS}
    for name, password in users.items():
        urls = (broker.url(name, password, host) for host in broker_hosts)
        write(directory / name / "broker_url", ",".join(urls), PRIVATE)
    write(directory / "broker" / "definitions.json", broker.definitions(users), PUBLIC)
    keep_password(directory / "broker" / "erlang_cookie", PUBLIC)  # a broker reads it as a user of its own
    for name in READ_FORM_SECRETS:
        (directory / name / "forms").mkdir(mode=0o700, exist_ok=True)
    key = objects.keep_key(directory / "gateway")
    for name in objects.READERS:
        objects.write_key(directory / name, key)
    write(directory / "objects" / "s3.json", objects.identities(key), PRIVATE)
    owners = {name: keep_password(directory / name / "database_password") for name in database.OWNERS}
    for name, password in owners.items():
        for folder in (name, *(reader for reader, owner in database.READERS.items() if owner == name)):
            write(directory / folder / "database_url", database.url(name, password, database_host), PRIVATE)
    write(directory / "database" / "init.sql", database.statements(owners), PUBLIC)


if __name__ == "__main__":
    sys.exit(main())
