from members.inbox.models.job import JobState, LongJob
from members.inbox.models.message import Channel, Message, MessageQuerySet, State
from members.inbox.models.reach import ChannelStop, PhoneNotice

__all__ = ["Channel", "ChannelStop", "JobState", "LongJob", "Message", "MessageQuerySet", "PhoneNotice", "State"]
