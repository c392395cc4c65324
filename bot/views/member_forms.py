"""Owns the list of members in a modal, and the form by which one of them is changed."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.i18n import Translator
from bot.services.member_changes import FieldChange, MemberChangeLine
from bot.services.roster import MemberDetails, MemberForm, MemberLine, Roster
from bot.views import elements
from bot.views.elements import Block, Option, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line, one_line

# Thirty regions of sixty letters must fit, or saving would cut what was shown.
_NAME, _TEAMS, _NUMBER_MOST, _TEXT = 80, 99, 5, 2000
_NO_TEAM = "none"


def listing(t: Translator, roster: Roster) -> View:
    """Return a page of members, each with its button, and a type-ahead that finds one of many."""
    find = elements.pick_menu(Action.MEMBER_PICK, t("members.find"))
    blocks = [
        elements.section(t("members.count", count=roster.count)),
        elements.actions(find, block_id="members.find"),
        *(_row(t, one) for one in roster.lines),
    ]
    pages = _pages(t, roster)
    if pages:
        blocks.append(elements.actions(*pages, block_id="members.pages"))
        blocks.append(elements.context(t("members.page", page=roster.page + 1, pages=roster.pages)))
    return elements.modal(Callback.RESULT, t("members.title"), blocks, close=t("answer.close"))


def options(t: Translator, lines: Sequence[MemberLine]) -> list[Option]:
    """Return what the type-ahead of members offers."""
    return [
        elements.option(one_line(one.member.name), str(one.member.id), _place(t, one, escaped=False)) for one in lines
    ]


def form(t: Translator, one: MemberDetails, *, typed: MemberForm | None = None) -> View:
    """Return the form of a member; its block ids are the fields of ``MemberForm``.

    Args:
        t: The reader's.
        one: The member as they are now.
        typed: What was typed into the same form before somebody else changed the member: it stands there still.
    """
    line = one.line
    values = {**one.shown, **(_typed(typed) if typed is not None else {})}
    blocks: list[Block] = [
        *([elements.section(_meanwhile(t, one, typed))] if typed is not None else []),
        elements.section(f"*{escape_line(line.member.name, _NAME)}*\n{_load(t, line)}"),
        *_unseen(t, line),
        *_role(t, one, values["role"]),
        *_team(t, one, values["team_id"]),
        elements.text_input(
            "capacity",
            t("members.field.capacity"),
            value=str(values["capacity"]),
            hint=t("members.hint.capacity"),
            most=_NUMBER_MOST,
        ),
        elements.text_input(
            "weight",
            t("members.field.weight"),
            value=str(values["weight"]),
            hint=t("members.hint.weight"),
            most=_NUMBER_MOST,
        ),
        elements.text_input(
            "territories",
            t("members.field.territories"),
            value=t("members.joint").join(values["territories"]) or None,
            optional=True,
            hint=t("members.hint.territories"),
            most=_TEXT,
        ),
        elements.text_input(
            "languages",
            t("members.field.languages"),
            value=", ".join(values["languages"]) or None,
            optional=True,
            hint=t("members.hint.languages"),
            most=_TEXT,
        ),
        elements.date_input(
            "away_from",
            t("members.field.away_from"),
            value=_chosen_day(values["away_from"]),
            optional=True,
            hint=t("members.hint.away_from"),
        ),
        elements.date_input(
            "away_until",
            t("members.field.away_until"),
            value=_chosen_day(values["away_until"]),
            optional=True,
            hint=t("members.hint.away_until", zone=line.zone),
        ),
        elements.context(_changed(t, one.changes)),
    ]
    return elements.modal(
        Callback.MEMBER_EDIT,
        t("members.edit_title"),
        blocks,
        submit=t("setup.save"),
        close=t("answer.cancel"),
        metadata=json.dumps({"member_id": line.member.id, "shown": one.shown}, ensure_ascii=False),
    )


def _unseen(t: Translator, line: MemberLine) -> list[Block]:
    """Return the way to say who in Slack a member is who came with an import; nothing for one who was seen there."""
    if line.member.slack_user_id is not None:
        return []
    button = elements.button(t("members.button.tie"), Action.MEMBER_TIE_OPEN, line.member.id)
    return [elements.section(t("members.unseen"), accessory=button)]


def tie(t: Translator, line: MemberLine) -> View:
    """Return the form that asks who in Slack an imported member is."""
    name = escape_line(line.member.name, _NAME)
    blocks: list[Block] = [
        elements.section(t("members.tie_means", member=name, count=line.open_count)),
        elements.member_input("slack_user", t("members.field.slack_user")),
        elements.context(t("members.tie_for_good")),
    ]
    return elements.modal(
        Callback.MEMBER_TIE,
        t("members.tie_title"),
        blocks,
        submit=t("members.button.tied"),
        close=t("answer.cancel"),
        metadata=json.dumps({"member_id": line.member.id}),
    )


def _typed(form: MemberForm) -> dict[str, Any]:
    known = form.model_dump(mode="json", exclude={"shown", "member_id", "asks_team"})
    left_out = ({"role"} if form.role is None else set()) | (set() if form.asks_team else {"team_id"})
    return {name: value for name, value in known.items() if name not in left_out}


def _meanwhile(t: Translator, one: MemberDetails, typed: MemberForm) -> str:
    """Return what somebody else changed since the form was opened: fields that stand otherwise than they were shown."""
    was = typed.shown or {}
    changed = [t(f"members.changed_field.{name}") for name, value in one.shown.items() if was.get(name) != value]
    return t("members.changed_meanwhile", fields=t("members.joint").join(changed))


def saved(t: Translator, one: MemberDetails) -> View:
    """Return what the form becomes once it is saved."""
    back = elements.button(t("members.button.list"), Action.MEMBERS_OPEN, "0")
    blocks = [
        elements.section(t("members.saved", member=escape_line(one.line.member.name, _NAME))),
        elements.section(_text(t, one.line)),
        elements.context(_changed(t, one.changes)),
        elements.actions(back),
    ]
    return elements.modal(Callback.RESULT, t("members.saved_title"), blocks, close=t("answer.close"))


def chosen_team(value: object) -> int | None:
    """Return the team that was chosen in the form; None for no team."""
    return int(value) if isinstance(value, str) and value.isdigit() else None


def _row(t: Translator, one: MemberLine) -> Block:
    button = elements.button(t("members.button.edit"), Action.MEMBER_OPEN, one.member.id)
    return elements.section(_text(t, one), accessory=button, block_id=f"member.{one.member.id}")


def _text(t: Translator, one: MemberLine) -> str:
    return f"*{escape_line(one.member.name, _NAME)}* · {_place(t, one)}\n{_load(t, one)}".rstrip()


def _place(t: Translator, one: MemberLine, *, escaped: bool = True) -> str:
    team = escape_line(one.team, _NAME) if one.team and escaped else one.team
    parts = [t(f"members.role.{one.role}")]
    if one.member.slack_user_id is None:
        parts.insert(0, t("members.not_seen"))
    if team or not one.is_manager_of:
        parts.append(team or t("members.no_team"))
    return " · ".join(parts) if one.is_active else f"{t('members.gone')} · {' · '.join(parts)}"


def _load(t: Translator, one: MemberLine) -> str:
    parts = []
    # Managers and admins own nothing as a rule: what the rules give them is of no interest.
    if one.role in {"rep", "specialist"} or one.open_count:
        parts += [t("members.load", open=one.open_count, capacity=one.capacity), t("members.weight", weight=one.weight)]
    if one.away_until is not None:
        parts.append(_away(t, one, one.away_until))
    if one.is_manager_of:
        teams = t("members.joint").join(escape_line(name, _NAME) for name in one.is_manager_of)
        parts.append(t("members.manager_of", teams=teams))
    return " · ".join(parts)


def _away(t: Translator, one: MemberLine, until: datetime) -> str:
    day = _day(until, one.zone)
    if one.away_from is None:
        return t("members.away", day=day)
    return t("members.away_later", start=_day(one.away_from, one.zone), day=day)


def _chosen_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _pages(t: Translator, roster: Roster) -> list[elements.Element]:
    found = []
    if roster.page > 0:
        found.append(elements.button(t("members.button.before"), Action.MEMBERS_OPEN, roster.page - 1))
    if roster.page + 1 < roster.pages:
        # Two buttons of one row need names of their own.
        found.append(elements.button(t("members.button.after"), f"{Action.MEMBERS_OPEN}.next", roster.page + 1))
    return found


def _role(t: Translator, one: MemberDetails, chosen: str) -> list[Block]:
    if not one.roles:
        return [elements.context(t("members.role_fixed", role=t(f"members.role.{one.line.role}")))]
    choices = [elements.option(t(f"members.role.{role}"), role) for role in one.roles]
    hint = t("members.hint.role" if len(one.roles) > 2 else "members.hint.role_manager")  # noqa: PLR2004 - rep, specialist
    return [elements.select_input("role", t("members.field.role"), choices, chosen=chosen, hint=hint)]


def _team(t: Translator, one: MemberDetails, team_id: int | None) -> list[Block]:
    if not one.teams:
        return [elements.context(t("members.team_fixed", team=escape_line(one.line.team or "–", _NAME)))]
    choices = [elements.option(one_line(name), str(number)) for number, name in one.teams[:_TEAMS]]
    choices.append(elements.option(t("members.no_team"), _NO_TEAM))
    chosen = str(team_id) if team_id is not None else _NO_TEAM
    return [elements.select_input("team_id", t("members.field.team_id"), choices, chosen=chosen)]


def _changed(t: Translator, changes: Sequence[MemberChangeLine]) -> str:
    if not changes:
        return t("members.never_changed")
    last = changes[0]
    who = escape_line(last.by.name, _NAME) if last.by else "Slack"
    shown = t("members.joint").join(_change(t, one) for one in last.fields)
    return t("members.changed", who=who, at=last.at, changes=shown)


def _change(t: Translator, one: FieldChange) -> str:
    before, after = (_value(t, one.field, value) for value in (one.before, one.after))
    field = t(f"members.changed_field.{one.field}")
    if before is None or after is None:
        return t("members.set" if before is None else "members.emptied", field=field, value=after or before or "–")
    return t("members.change", field=field, before=before, after=after)


def _value(t: Translator, field: str, value: object) -> str | None:
    if field == "role" and isinstance(value, str):
        return t(f"members.role.{value}")
    if field == "is_active":
        return t("members.is_active" if value else "members.gone")
    if field in {"away_from", "away_until"} and isinstance(value, str):
        return t.date(t.local(datetime.fromisoformat(value)).date())
    if isinstance(value, list):
        return escape_line(t("members.joint").join(str(one) for one in value), 200) or None
    return None if value is None or value == "" else escape_line(t.value(value), 200)


def absence_form(t: Translator, start: str | None, until: str | None) -> View:
    """Return the form that asks from when until when one is away oneself, with what was said before."""
    blocks = [
        elements.text_input(
            "away_from",
            t("absence.from"),
            value=start,
            placeholder=t("absence.from_example"),
            hint=t("absence.from_hint"),
            optional=True,
            most=100,
        ),
        elements.text_input(
            "away_until",
            t("absence.field"),
            value=until,
            placeholder=t("absence.example"),
            hint=t("absence.hint"),
            most=100,
        ),
    ]
    return elements.modal(
        Callback.ABSENCE, t("absence.title"), blocks, submit=t("setup.save"), close=t("answer.cancel")
    )
