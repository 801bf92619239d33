"""The secrets by which rooms of chats are reached, each as its service writes it, for tests that reach none."""

from __future__ import annotations

SECRETS = {
    "slack": "https://hooks.slack.com/services/T0/B0/aSecret",
    "discord": "https://discord.com/api/webhooks/1/aSecret",
    "teams": "https://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=aSecret",
    "telegram": "123456:aSecretaSecret",
    "apprise": "ntfys://aSecret@ntfy.example.org/topic",
}
