"""Owns what a merge does with registrations: one of two stays, the other ends with a reason, and an undoing brings it back."""

from typing import Any

from sqlalchemy import select

from bot.models import Customer, Member, Registration, Team
from bot.services import collisions, registration_rows
from bot.services.recording import Recorder

Moved = dict[str, Any]


def protect(recorder: Recorder, kept: Customer, merged: Customer) -> Moved:
    """Have the registration in force of either customer protect the kept one; of two, the one that was approved first.

    Of one rep's two it is the one that lasts longer. The other one ends, and its rep is told, as are both managers.
    """
    session, now = recorder.session, recorder.now
    ours, theirs = (collisions.registration_of(session, one, now) for one in (kept, merged))
    if theirs is None:
        return {}
    moved: Moved = {}
    if ours is not None:
        winner = _first(ours, theirs)
        loser = ours if winner is theirs else theirs
        loser.yielded_to_id = winner.id
        registration_rows.end(recorder, loser, "merged")
        moved["ended"] = loser.id
        _tell_registered(recorder, kept, winner, loser)
        if winner is ours:
            return moved
        moved["protected"] = [ours.asked_by_id, ours.id]
    kept.protected_by_id, kept.protected_until = merged.protected_by_id, merged.protected_until
    return {**moved, "protection": merged.protected_by_id, "protecting": theirs.id}


def _first(ours: Registration, theirs: Registration) -> Registration:
    if ours.asked_by_id == theirs.asked_by_id:
        return max(ours, theirs, key=lambda one: (one.protected_until is not None, one.protected_until))
    return min(ours, theirs, key=lambda one: (one.decided_at or one.asked_at, one.id))


def _tell_registered(recorder: Recorder, kept: Customer, winner: Registration, loser: Registration) -> None:
    people = select(Member).where(Member.id.in_((winner.asked_by_id, loser.asked_by_id)))
    names = {row.id: row.name for row in recorder.session.scalars(people)}
    said: Moved = {
        "merged_customer": kept.name,
        "stays": names[winner.asked_by_id],
        "ended": names[loser.asked_by_id],
    }
    registration_rows.tell_ended(recorder, loser)
    if winner.asked_by_id != loser.asked_by_id:
        recorder.tell(winner.asked_by_id, "notice.registration_stays", **said)
    managers = select(Team.manager_id).where(Team.id.in_((winner.team_id, loser.team_id))).distinct()
    for manager_id in recorder.session.scalars(managers.order_by(Team.manager_id)).all():
        recorder.tell(manager_id, "notice.registrations_merged", **said)


def unprotect(recorder: Recorder, kept: Customer, merged: Customer, moved: Moved) -> None:
    """Give each customer its own registration back, as far as it is still in force."""
    session = recorder.session
    if moved.get("protection") is not None:
        theirs = session.get(Registration, moved.get("protecting") or 0)
        if kept.protected_by_id == moved["protection"]:
            # It may have been renewed meanwhile.
            merged.protected_by_id, merged.protected_until = kept.protected_by_id, kept.protected_until
            kept.protected_by_id = kept.protected_until = None
        elif theirs is not None:
            merged.protected_by_id = merged.protected_until = None  # it ended, or an opportunity came of it
    ended = session.get(Registration, moved.get("ended") or 0)
    if ended is None or ended.cause != "merged":
        return
    ended.state, ended.cause, ended.yielded_to_id = "approved", None, None
    ended.ended_at = ended.ended_by_id = ended.ended_why = None
    if moved.get("protected") is not None and kept.protected_by_id is None:
        kept.protected_by_id, kept.protected_until = ended.asked_by_id, ended.protected_until
    session.flush()
    registration_rows.tell_again(recorder, ended)
