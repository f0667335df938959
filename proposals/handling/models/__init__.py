"""Matters, the units that hold them, their clocks, replies and evaluations."""

from .assignment import (
    Assignment,
    Contact,
    ContactAnswer,
    CoOpinion,
    ExtensionApproval,
    JointConsultation,
    Objection,
    Policy,
    Reason,
    ResultClass,
    together,
)
from .matter import (
    Access,
    Addressed,
    Event,
    EventPayload,
    Exposure,
    Kind,
    Matter,
    NumberSeries,
    Participant,
    Priority,
    Stage,
    Suggestion,
    Suspension,
)
from .reply import Evaluation, EvaluationRound, Reply, ReplyPoint

__all__ = [
    "Access", "Addressed", "Assignment", "CoOpinion", "Contact", "ContactAnswer", "Evaluation", "EvaluationRound",
    "Event", "EventPayload", "Exposure", "ExtensionApproval", "JointConsultation", "Kind", "Matter", "NumberSeries",
    "Objection", "Participant", "Policy", "Priority", "Reason", "Reply", "ReplyPoint", "ResultClass", "Stage",
    "Suggestion", "Suspension", "together",
]
