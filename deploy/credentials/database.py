"""The databases: one for each service that has one, each with an owner of its own whom no other database lets in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from credentials.files import own_salt

OWNERS = ("storage", "notify")

READERS = {"console": "storage"}
"""Who works in another's database, as its owner: the folder, and whose."""

ITERATIONS = 4096


def statements(passwords: Mapping[str, str]) -> str:
    """Return the SQL that makes a user and a database for each password, both by its name. PostgreSQL 15 or newer."""
    lines = ["REVOKE ALL ON DATABASE postgres FROM PUBLIC;"]
    for name, password in passwords.items():
        lines += [
            f"CREATE ROLE {name} LOGIN PASSWORD '{verifier(password)}';",
            f"CREATE DATABASE {name} OWNER {name};",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;",
        ]
    return "\n".join(lines)


def verifier(password: str, salt: bytes | None = None) -> str:
    """Return a password as PostgreSQL keeps it, `SCRAM-SHA-256$…`: it cannot be turned back, nor used to log in.

    Source: RFC 5802, section 3; the format is that of PostgreSQL's catalog `pg_authid`. ASCII passwords only.
    """
    salt = own_salt(password)[:16] if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored, server = hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{text[0]}${text[1]}:{text[2]}"


def url(name: str, password: str, host: str) -> str:
    """Return the address of one database, for its owner."""
    return f"postgresql://{name}:{password}@{host}:5432/{name}"
