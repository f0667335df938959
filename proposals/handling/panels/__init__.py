"""What a page shows of a matter in hand: filled per aspect for one person, printed by `handling/panels/*.html`."""

from .evaluations import FEW, GRADES, grades_of
from .matter import main_clock, panels_of, parts_of
from .offers import MAIN_STAGES, suspend_act
from .replies import reply_shown, with_points
from .requests import coordination_facts, extension_facts, objection_facts
from .shown import Panels

__all__ = [
    "FEW",
    "GRADES",
    "MAIN_STAGES",
    "Panels",
    "coordination_facts",
    "extension_facts",
    "grades_of",
    "main_clock",
    "objection_facts",
    "panels_of",
    "parts_of",
    "reply_shown",
    "suspend_act",
    "with_points",
]
