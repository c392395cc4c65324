"""Owns the playing of the demo's history: every act goes through the same services as a person's would."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.demo.cast import COUNTRY, CREWS, FIRST_DAY, PEOPLE, ZONE
from bot.demo.stories import STORIES, Act
from bot.errors import CustomerProtected
from bot.services import follow_ups, handovers, leads, members, opportunities, stages, teams
from bot.services.desk import Actor, Desk
from bot.services.edits import EditForm
from bot.services.members import Profile


def found(desk: Desk, slack_team_id: str) -> None:
    """Make the people known and set the teams up, as the workspace's admin would."""
    actors = {
        person.slack_user_id: members.remember(
            desk,
            slack_team_id,
            Profile(
                person.slack_user_id, person.name, person.email, ZONE, person.locale, is_slack_admin=person.is_admin
            ),
        )
        for person in PEOPLE
    }
    admin = next(actors[person.slack_user_id] for person in PEOPLE if person.is_admin)
    for crew in CREWS:
        teams.setup(
            desk,
            teams.TeamForm(
                name=crew.name,
                channel_id=crew.channel_id,
                manager=crew.manager,
                reps=crew.reps,
                specialists=crew.specialists,
                zone=ZONE,
                country=COUNTRY,
                locale=crew.locale,
                currency=crew.currency,
            ),
            by=admin,
        )


def play(desk: Desk, slack_team_id: str, move_to: Callable[[datetime], None]) -> None:
    """Play all stories in the order of time.

    Args:
        desk: The record and the demo's clock.
        slack_team_id: The demo's workspace.
        move_to: Moves the clock to a moment, with everything that falls due on the way.
    """
    numbers: dict[int, int] = {}
    acts = [(_moment(act), number, act) for number, story in enumerate(STORIES) for act in story.acts]
    for moment, number, act in sorted(acts, key=lambda one: (one[0], one[1])):
        move_to(moment)
        _play(desk, slack_team_id, act, number, numbers)


def _moment(act: Act) -> datetime:
    return _local(act.day, act.time)


def _local(day: int, at: str) -> datetime:
    zone = ZoneInfo(ZONE)
    first = FIRST_DAY.astimezone(zone).date()
    return datetime.combine(first + timedelta(days=day), time.fromisoformat(at), zone)


def _play(desk: Desk, slack_team_id: str, act: Act, number: int, numbers: dict[int, int]) -> None:
    if act.verb == "capture":
        captured = leads.capture(desk, _lead(act), by=_actor(desk, slack_team_id, act.who))
        numbers[number] = captured.opportunity.id
        return
    opportunity_id = numbers[number]
    who = act.who
    if who == "*":
        # Whoever the rules chose: the offered member, or the owner.
        shown = opportunities.view(desk, opportunity_id, by=_actor(desk, slack_team_id, "UADA"), history=0)
        chosen = shown.offered_to or shown.owner
        who = chosen.slack_user_id or "" if chosen else ""
    _VERBS[act.verb](desk, opportunity_id, act.values, _actor(desk, slack_team_id, who))


def _actor(desk: Desk, slack_team_id: str, slack_user_id: str) -> Actor:
    actor = members.resolve(desk, slack_team_id, slack_user_id)
    if actor is None:
        raise LookupError(slack_user_id)
    return actor


def _lead(act: Act) -> leads.LeadForm:
    values = dict(act.values)
    days = values.pop("close", None)
    if days is not None:
        values["expected_close_on"] = _local(act.day + days, "00:00").date()
    return leads.LeadForm.read({**values, "confirmed_new": True, "way": "demo"})


def _follow_up(desk: Desk, opportunity_id: int, values: dict[str, Any], by: Actor) -> None:
    day, at = values["due"]
    form = follow_ups.FollowUpForm.read(
        {
            **{name: value for name, value in values.items() if name != "due"},
            "opportunity_id": opportunity_id,
            "next_due_at": _local(day, at),
        }
    )
    follow_ups.log(desk, form, by=by)


def _advance(desk: Desk, opportunity_id: int, values: dict[str, Any], by: Actor) -> None:
    facts = {"meeting": "meeting", **values.get("facts", {})}
    if values.get("quote"):
        facts |= {"quote_amount": "1", "quote_valid_until": "2026-04-30"}
    stages.advance(desk, opportunity_id, values["stage"], by=by, edit=EditForm(facts=facts))


def _win(desk: Desk, opportunity_id: int, values: dict[str, Any], by: Actor) -> None:
    stages.win(desk, stages.WinForm(opportunity_id=opportunity_id, **values), by=by)


def _lose(desk: Desk, opportunity_id: int, values: dict[str, Any], by: Actor) -> None:
    stages.lose(desk, stages.LossForm(opportunity_id=opportunity_id, **values), by=by)


def _handover(desk: Desk, opportunity_id: int, values: dict[str, Any], by: Actor) -> None:
    handovers.offer(desk, opportunity_id, values["to"], values["note"], by=by)


def _accept(desk: Desk, opportunity_id: int, _values: dict[str, Any], by: Actor) -> None:
    handovers.accept(desk, opportunity_id, by=by)


def _collide(desk: Desk, _opportunity_id: int, values: dict[str, Any], by: Actor) -> None:
    try:
        leads.capture(desk, leads.LeadForm.read(values), by=by)
    except CustomerProtected:
        return  # this is the story: the second rep is told, and the attempt stands in the history
    raise LookupError(values["customer_name"])


_VERBS: dict[str, Callable[[Desk, int, dict[str, Any], Actor], None]] = {
    "follow_up": _follow_up,
    "advance": _advance,
    "win": _win,
    "lose": _lose,
    "handover": _handover,
    "accept": _accept,
    "collide": _collide,
}
