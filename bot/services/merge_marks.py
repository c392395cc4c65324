"""Owns the marks of a collision that merges set: two owners of one customer, or an owner beside a registration."""

from typing import Any

from bot.models import Customer, Member, Team
from bot.services import collisions, second_owners
from bot.services.recording import Recorder


def mark(recorder: Recorder, kept: Customer) -> tuple[dict[str, Any], set[int | None]]:
    """Mark what two owners work on now, or somebody beside whoever registered the customer, and tell their managers.

    Returns:
        What the merge keeps of it, which is what was not marked before; and which managers were told.
    """
    session = recorder.session
    registration = collisions.registration_of(session, kept, recorder.now)
    marked = second_owners.settle_customer(recorder, kept.id, why="merged")
    found: dict[str, Any] = {"collided": [row.id for row in marked]}
    told: set[int | None] = set()
    for row in marked:
        others = second_owners.others_of(session, row, recorder.now)
        manager_id = session.get_one(Team, row.team_id).manager_id
        if registration is not None and all(one.opportunity_id is None for one in others):
            registrant = session.get_one(Member, registration.asked_by_id).name
            recorder.tell(
                manager_id,
                "notice.merge_registered",
                opportunity_id=row.id,
                merged_customer=kept.name,
                registrant=registrant,
            )
        elif manager_id not in told:
            recorder.tell(manager_id, "notice.merge_collision", opportunity_id=row.id, merged_customer=kept.name)
            told.add(manager_id)
    return found, told
