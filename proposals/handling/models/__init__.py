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
from .clocks import (
    Audience,
    CalendarDay,
    CalendarVersion,
    CalendarYear,
    Checkpoint,
    ClockEvent,
    EngineBeat,
    EngineClock,
    ExtensionRequest,
    Ladder,
    LadderStep,
    Obligation,
    TimeRule,
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
    "Access", "Addressed", "Assignment", "Audience", "CalendarDay", "CalendarVersion", "CalendarYear", "Checkpoint",
    "ClockEvent", "CoOpinion", "Contact", "ContactAnswer", "EngineBeat", "EngineClock", "Evaluation",
    "EvaluationRound", "Event", "EventPayload", "Exposure", "ExtensionApproval", "ExtensionRequest",
    "JointConsultation", "Kind", "Ladder", "LadderStep", "Matter", "NumberSeries", "Objection", "Obligation",
    "Participant", "Policy", "Priority", "Reason", "Reply", "ReplyPoint", "ResultClass", "Stage", "Suggestion",
    "Suspension", "TimeRule", "together",
]
