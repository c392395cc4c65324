"""Owns ``/loop``: help and one's own day, and the setup of teams."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.errors import InvalidInput, NotAllowed, Text
from bot.handlers import absences, replies
from bot.handlers import members as member_list
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import members, reports, teams
from bot.services.teams import TeamForm
from bot.services.values import MemberRef, TeamRef
from bot.views import help as help_view
from bot.views import setup_choices, setup_forms
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line

_NEW = "new"
# What may stand after the command, beside nothing; the rest of the line goes to the handler.
_WORDS: tuple[tuple[re.Pattern[str], Callable[[Call, str], Reply]], ...] = (
    (re.compile(r"(?:members?|people)\b|成员|人员", re.IGNORECASE), lambda call, _rest: member_list.open_list(call)),
    (re.compile(r"(?:away|ooo|off)\b|请假|休假|外出", re.IGNORECASE), absences.away),
    # 下周请假, 从3月9日请假到3月13日: when comes first, and all of it is read.
    (re.compile(r"(?=.*(?:请假|休假|外出))"), absences.away),
    (re.compile(r"(?:i'?m )?back\b|我?回来|销假", re.IGNORECASE), lambda call, _rest: absences.back(call)),
)


def loop(call: Call) -> Reply:
    """Answer ``/loop``: the setup where there is no team yet, otherwise one's day and the help."""
    by = call.by
    if not teams.has_team(call.desk, by=by):
        if by.is_admin:
            return _new_team(call)
        # Somebody may have been made an admin of the workspace since we last asked.
        call.afterwards(lambda: _set_up_if_admin(call))
        return None
    for words, handler in _WORDS:
        found = words.match(call.text)
        if found is not None:
            return handler(call, call.text[found.end() :].strip())
    may_set_up = by.is_admin or bool(by.managed_team_ids)
    text, blocks = help_view.message(
        call.t,
        reports.day(call.desk, by=by),
        call.desk.now(),
        teams=_changeable(call),
        may_add=by.is_admin,
        is_outside=by.team_id is None and not may_set_up,
    )
    return Answer(text, blocks)


def _set_up_if_admin(call: Call) -> None:
    call.kit.acquaint(call)
    replies.delivered(call, _new_team(call) if call.by.is_admin else Answer(call.t("setup.who_can")))


def _changeable(call: Call) -> tuple[TeamRef, ...]:
    if not (call.by.is_admin or call.by.managed_team_ids):
        return ()
    return tuple(team for team in teams.all_teams(call.desk, by=call.by) if call.by.manages(team.id))


def _new_team(call: Call) -> Form:
    by = call.by
    return Form(
        setup_forms.form(
            call.t,
            None,
            call.desk.now(),
            channel_id=_channel(call),
            manager=by.slack_user_id,
            zone=by.zone or call.kit.settings.default_zone,
        )
    )


def _channel(call: Call) -> str | None:
    """Return the channel in which the command was given; a direct one cannot be a team's."""
    found = call.channel_id
    return found if found is not None and found[:1] in {"C", "G"} else None


def open_form(call: Call) -> Reply:
    """Open the form for a new team, or for the one whose button was pressed.

    Raises:
        NotAllowed: Only admins add teams; a team is changed by its manager or an admin.
    """
    if call.value == _NEW:
        if not call.by.is_admin:
            raise NotAllowed("error.not_allowed")
        return _new_team(call)
    team = teams.team_of(call.desk, call.number, by=call.by)
    if not call.by.manages(team.id):
        raise NotAllowed("error.not_allowed")
    return Form(setup_forms.form(call.t, team, call.desk.now()))


def list_teams(call: Call) -> Reply:
    """Show the teams that one may change."""
    text, blocks = setup_forms.teams_message(call.t, _changeable(call), may_add=call.by.is_admin)
    return Answer(text, blocks)


def save(call: Call) -> Reply:
    """Keep what the form says, and then do what needs Slack: read profiles, enter the channel."""
    values: dict[str, Any] = {**call.values, **{name: call.metadata.get(name) for name in setup_forms.CARRIED}}
    if not values.get("workdays"):
        raise InvalidInput({"workdays": Text("setup.workdays_required")})
    form = TeamForm.read(values)
    team = teams.setup(call.desk, form, by=call.by)
    call.afterwards(lambda: _settle(call, team))
    return Form(setup_forms.saved(call.t, team, is_new=form.team_id is None))


def _settle(call: Call, team: TeamRef) -> None:
    faults = _read_profiles(call, (*team.reps, *team.specialists, *((team.manager,) if team.manager else ())))
    if team.channel_id and not call.gateway.enter(team.channel_id):
        faults.append(call.t("setup.invite", team=escape_line(team.name, 80)))
    if faults and call.by.slack_user_id:
        call.gateway.post(call.gateway.open_dm(call.by.slack_user_id), "\n".join(faults))


def _read_profiles(call: Call, people: Sequence[MemberRef]) -> list[str]:
    """Read the profiles of people who are known only by their Slack id so far; returns what the admin should know."""
    faults = []
    for one in people:
        if one.slack_user_id is None or one.name != one.slack_user_id:
            continue
        profile = call.gateway.user_profile(one.slack_user_id)
        members.refresh(call.desk, call.by.workspace_id, profile)
        if profile.is_guest or not profile.is_active:
            faults.append(call.t("setup.member_inactive", member=escape_line(profile.name, 80)))
    return faults


def zones(call: Call) -> Sequence[dict[str, Any]]:
    """Answer the type-ahead of time zones."""
    return setup_choices.zone_options(_typed(call))


def countries(call: Call) -> Sequence[dict[str, Any]]:
    """Answer the type-ahead of countries."""
    return setup_choices.country_options(call.t, _typed(call))


def _typed(call: Call) -> str:
    return str(call.body.get("value") or "")


def register(kit: Kit) -> None:
    """Take the command, the buttons, the form and its type-aheads."""
    kit.command("/loop", loop)
    kit.action(Action.SETUP_OPEN, open_form)
    kit.action(Action.SETUP_TEAM, list_teams)
    kit.view(Callback.TEAM_SETUP, save)
    kit.options(setup_forms.ZONE_PICK, zones)
    kit.options(setup_forms.COUNTRY_PICK, countries)
