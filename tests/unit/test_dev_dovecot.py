"""The settings of the tests' IMAP server, in the language of Dovecot 2.3, and in that of 2.4.

Only one of both is installed. 2.4's names are those of its documentation; asked here is that the two do not mix.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.dovecot_server import PASSWORD, Settings

SETTINGS = Settings(Path("/place"), "dovecot", "mail", 105, 10143, 10993, Path("/place/certificate.pem"))
ONLY_2_3 = {"mail_location", "disable_plaintext_auth", "ssl_cert", "ssl_key", "args"}
ONLY_2_4 = {
    *("dovecot_config_version", "dovecot_storage_version", "auth_allow_cleartext", "ssl_server_cert_file"),
    *("ssl_server_key_file", "mail_driver", "mail_path", "mail_home", "mail_uid", "mail_gid"),
}


def set_in(text: str) -> list[str]:
    return [line.partition("=")[0].strip() for line in text.splitlines() if "=" in line]


@pytest.mark.parametrize(
    ("version", "own", "others"),
    [((2, 3), ONLY_2_3, ONLY_2_4), ((2, 4), ONLY_2_4, ONLY_2_3), ((3, 0), ONLY_2_4, ONLY_2_3)],
)
def test_each_version_has_its_own_names_and_none_of_the_other(
    version: tuple[int, ...], own: set[str], others: set[str]
) -> None:
    names = set(set_in(SETTINGS.text(version)))
    assert own <= names
    assert not others & names


def test_2_4_is_told_its_version_before_all_else_and_a_password_as_it_is() -> None:
    text = SETTINGS.text((2, 4))
    assert set_in(text)[0] == "dovecot_config_version"
    assert f"password = {PASSWORD}\n" in text
    assert "%u" not in text.replace("%{user}", "")
    assert f"password={PASSWORD.replace('%', '%%')}\n" in SETTINGS.text((2, 3))


@pytest.mark.parametrize("version", [(2, 3), (2, 4)])
def test_its_braces_close_and_without_a_certificate_there_is_no_tls(version: tuple[int, ...]) -> None:
    text = Settings(Path("/place"), "dovecot", "mail", 105, 10143, 0).text(version)
    assert text.count("{") == text.count("}")
    assert "ssl = no\n" in text
    assert "ssl_" not in text
