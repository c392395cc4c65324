"""Owns the form that sets a team up or changes it, and what is said when it is done."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.i18n import Translator
from bot.services.calendars import country_of
from bot.services.values import MemberRef, TeamRef
from bot.services.working_hours import Spans, spans_worked, usual_of
from bot.views import elements, setup_choices
from bot.views.elements import Block, Message, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line, mention

ZONE_PICK = "setup.zone"
"""action_id of the type-ahead of time zones."""
COUNTRY_PICK = "setup.country"
"""action_id of the type-ahead of countries."""

CARRIED = ("team_id", "reps_shown_to", "specialists_shown_to", "days_shown_to")
"""What the form carries along beside its inputs."""

_NAME, _HOURS, _TIME, _DAYS = 80, 300, 5, 3000
# As many lines as have room however long each is; beside them there is room for more.
_SHOWN_DAYS = 60
_MOST_PEOPLE, _SHOWN_PEOPLE = 100, 80  # the picker takes a hundred: beside those shown there is room for newcomers
_MOST_TEAMS = 40
_NAMED = 100
_WORKDAYS = (0, 1, 2, 3, 4)
_WORK_HOURS = "9:00-12:00 13:00-18:00"
_DIGEST_MINUTE = 9 * 60


def form(
    t: Translator,
    team: TeamRef | None,
    now: datetime,
    *,
    channel_id: str | None = None,
    manager: str | None = None,
    zone: str = "UTC",
) -> View:
    """Return the setup form; its block ids are the fields of ``TeamForm``.

    Args:
        t: The reader's.
        team: The team to change; None for a new one.
        now: The present moment; of the days that differ those from today on are shown.
        channel_id: For a new team: the channel in which it was asked for.
        manager: For a new team: Slack id of the one who asks.
        zone: For a new team: theirs.
    """
    if team is not None:
        channel_id, zone = team.channel_id, team.zone
        manager = team.manager.slack_user_id if team.manager else None
    country = team.country if team else country_of(zone)
    days, hours = _week(t, team)
    differing = _differing(team, now)
    digest = clock_time(team.digest_minute if team else _DIGEST_MINUTE)
    languages = [elements.option(name, code) for code, name in setup_choices.LANGUAGES]
    blocks = [
        elements.text_input("name", t("setup.field.name"), value=team.name if team else None, most=_NAME),
        _channel(t, channel_id),
        elements.member_input("manager", t("setup.field.manager"), chosen=manager, hint=t("setup.hint.manager")),
        _people(t, "reps", team.reps if team else ()),
        _people(t, "specialists", team.specialists if team else ()),
        elements.text_input("hours", t("setup.field.hours"), value=hours, hint=t("setup.hint.hours"), most=_HOURS),
        _workdays(t, days),
        elements.text_input(
            "exceptions",
            t("setup.field.exceptions"),
            value="\n".join(_differs(t, team, *one) for one in differing) or None,
            multiline=True,
            optional=True,
            hint=t("setup.hint.exceptions"),
            most=_DAYS,
        ),
        elements.text_input(
            "digest_time", t("setup.field.digest_time"), value=digest, hint=t("setup.hint.digest_time"), most=_TIME
        ),
        elements.pick_input(
            "zone",
            t("setup.field.zone"),
            ZONE_PICK,
            chosen=elements.option(zone, zone),
            least=1,
            hint=t("setup.hint.zone"),
        ),
        elements.pick_input(
            "country",
            t("setup.field.country"),
            COUNTRY_PICK,
            chosen=setup_choices.country_option(t, country),
            least=1,
            hint=t("setup.hint.country"),
            optional=True,
        ),
        elements.select_input(
            "locale",
            t("setup.field.locale"),
            languages,
            chosen=team.locale if team else t.locale,
            hint=t("setup.hint.locale"),
        ),
        _currency(t, team, country),
    ]
    return elements.modal(
        Callback.TEAM_SETUP,
        t("setup.title_edit" if team else "setup.title_new"),
        blocks,
        close=t("setup.close"),
        submit=t("setup.save"),
        metadata=json.dumps(_carried(team, differing)) if team else None,
    )


def _carried(team: TeamRef, differing: Sequence[tuple[date, Spans]]) -> dict[str, int | str | None]:
    shown = {name: _shown(people) for name, people in (("reps", team.reps), ("specialists", team.specialists))}
    return {
        "team_id": team.id,
        **{f"{name}_shown_to": people[-1].id if people else 0 for name, people in shown.items()},
        "days_shown_to": (differing[-1][0] if len(differing) == _SHOWN_DAYS else date.max).isoformat(),
    }


def _shown(people: Sequence[MemberRef]) -> list[MemberRef]:
    """Return those whom the form shows: the first by our number, so that one number tells who was seen."""
    return sorted((one for one in people if one.slack_user_id), key=lambda one: one.id)[:_SHOWN_PEOPLE]


def saved(t: Translator, team: TeamRef, *, is_new: bool) -> View:
    """Return what the form becomes once it is saved: what stands now, and what to do next."""
    lines = [t("setup.saved_new" if is_new else "setup.saved_edit", team=escape_line(team.name, _NAME))]
    if team.channel_id:
        lines.append(t("setup.saved_channel", channel=f"<#{team.channel_id}>", digest=clock_time(team.digest_minute)))
    if team.manager:
        lines.append(t("setup.saved_manager", manager=mention(team.manager.slack_user_id, team.manager.name)))
    everybody = (*team.reps, *team.specialists)
    people = [mention(one.slack_user_id, one.name) for one in everybody[:_NAMED]]
    if len(everybody) > _NAMED:
        people.append(f"+{len(everybody) - _NAMED}")
    lines.append(t("setup.saved_people", people=" ".join(people)) if people else t("setup.saved_nobody"))
    people_button = elements.button(t("members.button.open"), Action.MEMBERS_OPEN, "0")
    blocks = [
        elements.section("\n".join(lines)),
        elements.context(t("setup.next")),
        elements.actions(people_button, block_id="setup.members"),
    ]
    return elements.modal(Callback.RESULT, t("setup.title_saved"), blocks, close=t("setup.done"))


def teams_message(t: Translator, teams: Sequence[TeamRef], *, may_add: bool) -> Message:
    """Return the teams that the reader may change, each with its button, and one button to add another."""
    title = t("setup.teams_title")
    return elements.message(title, [elements.section(f"*{title}*"), *team_rows(t, teams, may_add=may_add)])


def team_rows(t: Translator, teams: Sequence[TeamRef], *, may_add: bool) -> list[Block]:
    """Return one line a team with its button, and the button that adds one."""
    blocks = [_team_row(t, team) for team in teams[:_MOST_TEAMS]]
    if may_add:
        add = elements.button(t("setup.button.add"), Action.SETUP_OPEN, "new")
        blocks.append(elements.actions(add, block_id="setup.add"))
    return blocks


def clock_time(minute: int) -> str:
    """Return a minute of the day as it is typed, such as ``9:00``."""
    return f"{minute // 60}:{minute % 60:02}"


def _team_row(t: Translator, team: TeamRef) -> Block:
    channel = f"<#{team.channel_id}>" if team.channel_id else t("setup.no_channel")
    line = t("setup.team_line", team=escape_line(team.name, _NAME), channel=channel, count=len(team.reps))
    button = elements.button(t("setup.button.edit"), Action.SETUP_OPEN, team.id)
    return elements.section(line, accessory=button, block_id=f"setup.team.{team.id}")


def _channel(t: Translator, chosen: str | None) -> Block:
    return elements.channel_input(
        "channel_id", t("setup.field.channel_id"), chosen=chosen, hint=t("setup.hint.channel_id")
    )


def _people(t: Translator, name: str, chosen: Sequence[MemberRef]) -> Block:
    users = [one.slack_user_id for one in _shown(chosen) if one.slack_user_id]
    hint = t(f"setup.hint.{name}")
    count = sum(1 for one in chosen if one.slack_user_id)
    if count > len(users):
        hint = t("members.setup_more", shown=len(users), count=count)
    return elements.members_input(
        name, t(f"setup.field.{name}"), chosen=users, most=_MOST_PEOPLE, optional=True, hint=hint
    )


def _workdays(t: Translator, chosen: Sequence[int]) -> Block:
    options = [elements.option(t(f"setup.day.{day}"), str(day)) for day in range(7)]
    initial = [options[day] for day in chosen]
    return elements.checkboxes_input(
        "workdays", t("setup.field.workdays"), options, chosen=initial, hint=t("setup.hint.workdays")
    )


def _currency(t: Translator, team: TeamRef | None, country: str | None) -> Block:
    if team is not None:
        # Amounts are kept with their currency, and the playbook holds the team's: it is chosen once.
        return elements.context(t("setup.currency_fixed", currency=team.currency))
    return elements.select_input(
        "currency",
        t("setup.field.currency"),
        setup_choices.currency_options(t),
        chosen=setup_choices.currency_of(country),
        hint=t("setup.hint.currency"),
    )


def _week(t: Translator, team: TeamRef | None) -> tuple[tuple[int, ...], str]:
    """Return the usual working days and the hours as they are typed, with those of days that differ behind them."""
    usual, days = usual_of(team.hours) if team else ((), ())
    if team is None or not days:
        return _WORKDAYS, _WORK_HOURS
    others = [
        f"{t(f'members.day.{day}')} {_hours(spans)}"
        for day, spans in enumerate(team.hours)
        if spans and day not in days
    ]
    return days, "; ".join([_hours(usual), *others])


def _differing(team: TeamRef | None, now: datetime) -> list[tuple[date, Spans]]:
    """Return the first days from today on that differ from a team's week."""
    if team is None:
        return []
    today = now.astimezone(ZoneInfo(team.zone)).date()
    return [one for one in team.exceptions if one[0] >= today][:_SHOWN_DAYS]


def _differs(t: Translator, team: TeamRef | None, day: date, spans: Spans) -> str:
    """Return a day that differs as it is typed."""
    if not spans:
        return f"{day} {t('setup.day_off')}"
    is_usual = team is not None and spans == spans_worked(day, team.hours)
    return f"{day} {t('setup.day_worked') if is_usual else _hours(spans)}"


def _hours(spans: Spans) -> str:
    return " ".join(f"{clock_time(start)}-{clock_time(end)}" for start, end in spans)
