"""Owns the making of promised messages about disputes: what an owner was told, rulings, registrations, a card that moved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import NotFound
from bot.i18n import Translator
from bot.services import collisions, opportunities, registrations, rulings
from bot.services.desk import Actor, Desk, system_actor
from bot.services.values import OpportunityView
from bot.views import registration_views, ruling_views, told_views, waiting_cases
from bot.views.elements import Message


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message is made of: the record, the promise's payload, and who reads it in which language."""

    desk: Desk
    payload: dict[str, Any]
    by: Actor
    t: Translator

    def number(self, name: str) -> int:
        """Return one of the payload's numbers."""
        return int(self.payload[name])

    def opportunity(self) -> OpportunityView:
        """Return the opportunity as the reader sees it.

        Raises:
            NotFound: They may not see it.
        """
        return opportunities.view(self.desk, self.number("opportunity_id"), by=self.by)


def _ruling(work: Reading) -> Message | None:
    # Who was asked learns what was ruled, also where the opportunity went to a team that is not theirs.
    case = rulings.case(work.desk, work.number("ruling_id"), by=system_actor(work.by.workspace_id))
    return ruling_views.card(work.t, case)


def _ruling_asked(work: Reading) -> Message | None:
    case = rulings.case(work.desk, work.number("ruling_id"), by=work.by)
    return ruling_views.waiting(work.t, case)


def _ruled(work: Reading) -> Message | None:
    # Who lost it to another team may not see it any more, but is told all the same.
    case = rulings.case(work.desk, work.number("ruling_id"), by=work.by)
    try:
        shown = work.opportunity() if case.opportunity_id is not None else None
    except NotFound:
        shown = None
    return ruling_views.told(work.t, case, shown, is_asker=case.asker.id == work.by.member_id)


def _registration(work: Reading) -> Message | None:
    case = registrations.case(work.desk, work.number("registration_id"), by=system_actor(work.by.workspace_id))
    return registration_views.card(work.t, case)


def _registered(work: Reading) -> Message | None:
    case = registrations.case(work.desk, work.number("registration_id"), by=work.by)
    return registration_views.told(work.t, case)


def _registration_ending(work: Reading) -> Message | None:
    case = registrations.case(work.desk, work.number("registration_id"), by=work.by)
    if not case.is_active or case.protected_until != datetime.fromisoformat(work.payload["until"]):
        return None  # it was renewed, or is over, or an opportunity came of it
    return registration_views.ending(work.t, case)


def _undecided(work: Reading) -> Message | None:
    asked, wanted = rulings.waiting(work.desk, by=work.by), registrations.waiting(work.desk, by=work.by)
    return waiting_cases.reminder(work.t, (*asked, *wanted)) if asked or wanted else None


def _told(work: Reading) -> Message | None:
    event = collisions.last_told(work.desk, work.number("event_id"), by=work.by)
    return told_views.told(work.t, event, work.opportunity())


BY_KIND: dict[str, Callable[[Reading], Message | None]] = {
    "ruling": _ruling,
    "ruling_asked": _ruling_asked,
    "ruled": _ruled,
    "registration": _registration,
    "registered": _registered,
    "registration_ending": _registration_ending,
    "undecided": _undecided,
    "told": _told,
}
"""What makes a message, by the kind of its promise."""
