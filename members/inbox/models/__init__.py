from members.inbox.models.job import JobState, LongJob
from members.inbox.models.message import ALONE, Channel, Message, MessageQuerySet, State
from members.inbox.models.reach import ChannelStop, PhoneNotice

__all__ = [
    "ALONE",
    "Channel",
    "ChannelStop",
    "JobState",
    "LongJob",
    "Message",
    "MessageQuerySet",
    "PhoneNotice",
    "State",
]
