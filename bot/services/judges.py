"""Owns who decides a dispute, also for an owner who left: the team's manager, else an admin; nobody a case of their own."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, RuleBroken
from bot.models import Member, Team
from bot.services.desk import Actor

_ADMINS_MOST = 10


def judges_of(session: Session, team: Team, parties: Collection[int | None]) -> tuple[Member, ...]:
    """Return who is asked to decide.

    Args:
        session: The transaction.
        team: Whose customer it is.
        parties: Our numbers of the members whose case it is; they decide only where nobody else can.

    Returns:
        The team's manager alone, or the workspace's admins; empty if there is nobody.
    """
    manager = session.get(Member, team.manager_id) if team.manager_id is not None else None
    first = [manager] if manager is not None and _can_answer(manager) else []
    admins = [
        one
        for one in session.scalars(select(Member).where(Member.role == "admin").order_by(Member.id))
        if _can_answer(one)
    ]
    for among in (first, admins):
        found = tuple(one for one in among if one.id not in parties)
        if found:
            return found[:_ADMINS_MOST]
    return tuple({one.id: one for one in (*first, *admins)}.values())


def reached(session: Session, team: Team, owner: Member, by: Actor) -> tuple[Member, ...]:
    """Return who gets what somebody tells an owner: the owner, or who decides in the place of one who is not in Slack.

    Empty if there is nobody.
    """
    return (owner,) if _can_answer(owner) else judges_of(session, team, {owner.id, by.member_id})


def asked_judges(session: Session, team: Team, parties: Collection[int | None]) -> tuple[Member, ...]:
    """Return who is asked to decide, as ``judges_of`` does.

    Raises:
        RuleBroken: There is nobody.
    """
    found = judges_of(session, team, parties)
    if not found:
        raise RuleBroken("ruling.nobody", team=team.name)
    return found


def check_judge(session: Session, team: Team, by: Actor, parties: Collection[int | None]) -> None:
    """Refuse one who may not decide, with whom to ask.

    Raises:
        NotAllowed: They do not manage the team, or it is their own case and somebody else can decide it.
    """
    judges = judges_of(session, team, parties)
    names = ", ".join(one.name for one in judges)
    if not by.manages(team.id):
        raise NotAllowed("ruling.not_judge", judges=names or "–")
    if by.member_id in parties and by.member_id not in {one.id for one in judges}:
        raise NotAllowed("ruling.own_case", judges=names)


def _can_answer(member: Member) -> bool:
    # Who came with an import and was not yet seen in Slack gets no message.
    return member.is_active and member.slack_user_id is not None
