"""How time limits are counted: functions over dates, and the one door to the engine's clock."""

from .now import engine_now
from .rules import months_after

__all__ = ["engine_now", "months_after"]
