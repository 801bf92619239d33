"""The ways to sign in, as they are open in an installation."""

from storage_service.accounts.ways.ways import DEFAULT, ELSEWHERE, OIDC, PASSKEY, PASSWORD, WAYS, SignOn, Ways, ways_of

__all__ = ["DEFAULT", "ELSEWHERE", "OIDC", "PASSKEY", "PASSWORD", "WAYS", "SignOn", "Ways", "ways_of"]
