"""Hooks: where programs of owners ask to be called, kept here and told to notify."""

from storage_service.hooks.hook import BadHook, Hook, NoHook, NoKey, TooManyHooks
from storage_service.hooks.hooks import Hooks
from storage_service.hooks.samples import Samples

__all__ = ["BadHook", "Hook", "Hooks", "NoHook", "NoKey", "Samples", "TooManyHooks"]
