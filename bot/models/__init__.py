"""The record: ORM classes, sessions and migrations."""

from bot.models.base import Base, WorkspaceOwned
from bot.models.customers import Contact, Customer, CustomerKey, NearKey, SearchKey
from bot.models.deals import Assignment, EventRow, FollowUp, NextStep, Opportunity, Review
from bot.models.people import Member, MemberChange, PlaybookRow, Team, Workspace
from bot.models.rulings import Choice, CustomerMerge, Distinction, Registration, Ruling
from bot.models.work import ChannelPace, DigestRecord, OutboxRow, ProcessedRequest

__all__ = [
    "Assignment",
    "Base",
    "ChannelPace",
    "Choice",
    "Contact",
    "Customer",
    "CustomerKey",
    "CustomerMerge",
    "DigestRecord",
    "Distinction",
    "EventRow",
    "FollowUp",
    "Member",
    "MemberChange",
    "NearKey",
    "NextStep",
    "Opportunity",
    "OutboxRow",
    "PlaybookRow",
    "ProcessedRequest",
    "Registration",
    "Review",
    "Ruling",
    "SearchKey",
    "Team",
    "Workspace",
    "WorkspaceOwned",
]
