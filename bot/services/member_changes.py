"""Owns the record of what was changed of a member: who did it, when, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.models import Member, MemberChange, Team
from bot.services.member_rows import ref_or_none
from bot.services.recording import Recorder
from bot.services.values import MemberRef

KEPT = ("name", "email", "role", "team_id", "zone", "locale", "capacity", "weight", "territories", "languages", "away_from", "away_until", "is_active")  # fmt: skip
"""The fields whose changes are kept."""

TIED = "tied"
"""Stands among the changes for the name of an imported member that turned out to be this one."""

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as JSON values; of a team its name, of an absence its end in ISO 8601."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class MemberChangeLine:
    """What was changed at one moment; ``by`` is None for what Slack told."""

    at: datetime
    by: MemberRef | None
    fields: tuple[FieldChange, ...]


def facts(member: Member) -> Facts:
    """Return the fields whose changes are kept, as JSON values."""
    return {name: _json(getattr(member, name)) for name in KEPT}


def keep(recorder: Recorder, member: Member, before: Facts, *, tied: str | None = None) -> bool:
    """Write down what differs from before; nothing where nothing does.

    Args:
        recorder: The transaction.
        member: Their row as it is now.
        before: The facts as they were.
        tied: The name of the imported member that turned out to be this one.

    Returns:
        Whether anything differs.
    """
    after = facts(member)
    changed = [name for name in KEPT if before[name] != after[name]]
    if changed or tied is not None:
        recorder.session.add(
            MemberChange(
                workspace_id=member.workspace_id,
                member_id=member.id,
                by_id=recorder.by.member_id,
                at=recorder.now,
                before={name: before[name] for name in changed},
                after={name: after[name] for name in changed} | ({TIED: tied} if tied is not None else {}),
            )
        )
    return bool(changed) or tied is not None


def latest(session: Session, member_id: int, *, most: int = 1) -> tuple[MemberChangeLine, ...]:
    """Return what was changed of a member, the latest first."""
    rows = session.scalars(
        select(MemberChange).where(MemberChange.member_id == member_id).order_by(MemberChange.id.desc()).limit(most)
    )
    return tuple(
        MemberChangeLine(
            row.at,
            ref_or_none(session, row.by_id),
            tuple(
                FieldChange(name, _shown(session, name, row.before.get(name)), _shown(session, name, row.after[name]))
                for name in (TIED, *KEPT)
                if name in row.after
            ),
        )
        for row in rows
    )


def _shown(session: Session, name: str, value: Any) -> Any:
    if name != "team_id" or value is None:
        return value
    team = session.get(Team, value)
    return team.name if team is not None else None


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, list) else value
