"""Plain functions that make what a test starts from, through the same services as the bot."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.clock import FakeClock
from bot.services import leads, members, teams
from bot.services.desk import Actor, Desk
from bot.services.leads import LeadForm
from bot.services.members import Profile
from bot.services.teams import TeamForm
from bot.services.values import Done, TeamRef

WORKSPACE = "T0CLOSE"
ZONE = "Asia/Shanghai"

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class TeamWorld:
    """Two teams and their people.

    ``rep``, ``rep2`` and ``specialist`` are in ``team``, which ``manager`` manages; ``other_rep`` is in ``other_team``, which
    ``other_manager`` manages; ``admin`` is the workspace's.
    """

    desk: Desk
    clock: FakeClock
    team: TeamRef
    other_team: TeamRef
    rep: Actor
    rep2: Actor
    other_rep: Actor
    specialist: Actor
    manager: Actor
    other_manager: Actor
    admin: Actor


def make_workspace(desk: Desk, slack_team_id: str = WORKSPACE) -> int:
    """Make a workspace known and return our number of it."""
    return members.workspace_id_of(desk, slack_team_id)


def make_member(desk: Desk, name: str, *, slack_team_id: str = WORKSPACE, **overrides: Any) -> Actor:
    """Make a Slack user known, as their first action would; overrides are fields of the profile.

    The Slack id is made of the name: ``Rep Two`` is ``UREPTWO``.
    """
    known = {
        "slack_user_id": slack_id(name),
        "name": name,
        "zone": ZONE,
        "email": f"{slack_id(name).lower()}@team.test",
    }
    return members.remember(desk, slack_team_id, Profile(**{**known, **overrides}))


def slack_id(name: str) -> str:
    """Return the Slack id that the factories give to a name."""
    return "U" + "".join(letter for letter in name.upper() if letter.isalnum())


def again(desk: Desk, actor: Actor, *, slack_team_id: str = WORKSPACE) -> Actor:
    """Return a member as they are now, after a change of team or role."""
    found = members.resolve(desk, slack_team_id, actor.slack_user_id or "")
    assert found is not None
    return found


def make_team(desk: Desk, *, by: Actor, manager: Actor, **overrides: Any) -> TeamRef:
    """Set a team up; overrides are fields of the form, with members as actors."""
    people = {
        name: tuple(one.slack_user_id or "" for one in overrides.pop(name, ())) for name in ("reps", "specialists")
    }
    known = {"name": f"Team {next(_NUMBERS)}", "channel_id": f"C{next(_NUMBERS):05}", "zone": ZONE}
    form = TeamForm.read({**known, "manager": manager.slack_user_id, **people, **overrides})
    return teams.setup(desk, form, by=by)


def make_lead(desk: Desk, by: Actor, **overrides: Any) -> Done:
    """Capture a lead; overrides are fields of the form. Every call has a customer of its own."""
    number = next(_NUMBERS)
    known = {
        "customer_name": f"{_DISTINCT[number % len(_DISTINCT)]} {number}",
        "need": f"Need {number}",
        "confirmed_new": True,
    }
    if "customer_id" in overrides:
        del known["customer_name"]
    return leads.capture(desk, LeadForm.read({**known, **overrides}), by=by)


def make_team_world(
    desk: Desk, clock: FakeClock, *, slack_team_id: str = WORKSPACE, suffix: str = "", **overrides: Any
) -> TeamWorld:
    """Make the two teams; overrides are fields of both forms, ``suffix`` sets a second world's people apart."""
    make_workspace(desk, slack_team_id)
    names = ("Rep", "Rep Two", "Other Rep", "Specialist", "Manager", "Other Manager")
    rep, rep2, other_rep, specialist, manager, other_manager = (
        make_member(desk, name + suffix, slack_team_id=slack_team_id) for name in names
    )
    admin = make_member(desk, "Admin" + suffix, slack_team_id=slack_team_id, is_slack_admin=True)
    team = make_team(
        desk,
        by=admin,
        manager=manager,
        name="North" + suffix,
        channel_id="CNORTH",
        reps=(rep, rep2),
        specialists=(specialist,),
        **overrides,
    )
    other_team = make_team(
        desk,
        by=admin,
        manager=other_manager,
        name="South" + suffix,
        channel_id="CSOUTH",
        reps=(other_rep,),
        **overrides,
    )
    now = [
        again(desk, one, slack_team_id=slack_team_id)
        for one in (rep, rep2, other_rep, specialist, manager, other_manager, admin)
    ]
    return TeamWorld(desk, clock, team, other_team, *now)


_DISTINCT = (
    "Marigold Foundry",
    "Osprey Textiles",
    "Quillback Logistics",
    "Thistle Optics",
    "Vermilion Dairy",
    "Walnut Robotics",
)
