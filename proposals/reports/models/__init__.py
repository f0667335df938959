"""Reports on social conditions, and members' opinions outside proposals and reports."""

from .opinion import Opinion

__all__ = ["Opinion"]
