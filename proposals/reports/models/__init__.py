"""Reports on social conditions, and members' opinions outside proposals and reports."""

from .opinion import Opinion
from .referral import Referral

__all__ = ["Opinion", "Referral"]
