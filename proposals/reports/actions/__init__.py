"""What people do with reports and opinions."""

from .opinions import answer, assign_opinion, enter_opinion, pass_on, receive
from .referring import refer

__all__ = ["answer", "assign_opinion", "enter_opinion", "pass_on", "receive", "refer"]
