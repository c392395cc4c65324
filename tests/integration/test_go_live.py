"""A team that came with an import is looked after from its go-live on, and not before."""

from datetime import timedelta

from sqlalchemy import update

from bot.models import Opportunity, Team
from bot.services import opportunities, sweep, teams
from tests.factories import TeamWorld, make_lead


def test_team_that_goes_live_is_swept_from_then_on(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    one = make_lead(desk, team_world.rep).opportunity
    with desk.transaction(team_world.admin) as session:
        session.execute(update(Team).where(Team.id == team_world.team.id).values(live_from=None))
        session.execute(update(Opportunity).where(Opportunity.id == one.id).values(attention_at=None))
    clock.advance(timedelta(days=30))
    assert sweep.due(desk) == 0

    people = {"manager": team_world.manager.slack_user_id, "reps": [team_world.rep.slack_user_id]}
    form = {
        "team_id": team_world.team.id,
        "name": team_world.team.name,
        "channel_id": "C1",
        "zone": "Asia/Shanghai",
        **people,
    }
    teams.setup(desk, teams.TeamForm.read(form), by=team_world.admin)
    assert sweep.due(desk) == 0, "the past is not held against anybody"

    clock.advance(timedelta(days=3))
    assert sweep.due(desk) == 1
    steps = [
        line for line in opportunities.history(desk, one.id, by=team_world.rep) if line.event.kind == "LadderStepTaken"
    ]
    assert steps
