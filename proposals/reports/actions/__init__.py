"""What people do with reports and opinions."""

from .opinions import answer, pass_on, receive
from .referring import refer

__all__ = ["answer", "pass_on", "receive", "refer"]
