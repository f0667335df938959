"""What people do with reports and opinions."""

from .opinions import receive

__all__ = ["receive"]
