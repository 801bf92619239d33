"""What people do with submissions: state, star, labels, assignee, notes, replies, spam or not; and the trail of it."""

from storage_service.work.change import Change
from storage_service.work.notes import Note
from storage_service.work.trail import Step
from storage_service.work.values import BadValue
from storage_service.work.work import Changed, NotFound, Outdated, Work

__all__ = ["BadValue", "Change", "Changed", "NotFound", "Note", "Outdated", "Step", "Work"]
