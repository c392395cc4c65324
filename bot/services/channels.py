"""Owns what waits for a channel: a team that moves to another takes it along, an app that is let in has it sent."""

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from bot.models import Opportunity, OutboxRow, Team
from bot.services.desk import Desk
from bot.services.outcomes import hurry

_CLOSED = frozenset({"not_in_channel", "channel_not_found"})


def let_in(desk: Desk, workspace_id: int, channel: str) -> None:
    """Have what Slack refused because the app was not in a channel tried again at once.

    Args:
        desk: The record and the clock.
        workspace_id: Whose.
        channel: Slack's id of the channel that somebody, or the app, was let into; the app hears of those where it is in.
    """
    with desk.database.transaction(workspace_id) as session:
        hurry(session, _CLOSED, workspace_id=workspace_id, channel=channel)


def move(session: Session, team: Team, former: str | None) -> None:
    """Send a team's cards and digests that nobody has yet to its present channel, also those that are sent again later.

    What stands in the former channel stays until it changes. What Slack may have there already is looked for there.

    Args:
        session: The transaction that changes the channel.
        team: With its present channel.
        former: The channel before.
    """
    if former is None or team.channel_id in {None, former}:
        return
    about = OutboxRow.payload["opportunity_id"].as_integer()
    cards = and_(OutboxRow.kind == "card", about.in_(select(Opportunity.id).where(Opportunity.team_id == team.id)))
    digests = and_(OutboxRow.kind == "digest", OutboxRow.payload["team_id"].as_integer() == team.id)
    session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.workspace_id == team.workspace_id,
            OutboxRow.channel == former,
            OutboxRow.state.in_(("waiting", "dead")),
            OutboxRow.tried_at == 0.0,
            or_(cards, digests),
        )
        .values(channel=team.channel_id, attempts=0, refusals=0, retry_at=0.0)
        .execution_options(synchronize_session=False)
    )
