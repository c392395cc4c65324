"""Owns what ``/loop`` answers: one's own day in a few lines, and the help in one screen."""

from collections.abc import Sequence
from datetime import datetime

from bot.i18n import Translator
from bot.services.values import Day, OpportunityLine, TeamRef
from bot.views import elements, home, pipeline, setup_forms
from bot.views.elements import Block, Message
from bot.views.ids import Action

_SHOWN = 3
_MOST_TEAMS = 20
_PARTS = ("begin", "work", "close", "look", "away")


def message(
    t: Translator,
    day: Day,
    now: datetime,
    *,
    teams: Sequence[TeamRef] = (),
    may_add: bool = False,
    is_outside: bool = False,
) -> Message:
    """Return one's own day and the help.

    Args:
        t: The reader's.
        day: Theirs.
        now: The present moment, aware.
        teams: The teams they may change.
        may_add: Whether they may add one.
        is_outside: Whether they are on no team and manage none.
    """
    title, counts = t("help.title", day=t.local(now).date()), _counts(t, day)
    blocks = [
        elements.header(title),
        elements.section("\n".join(filter(None, (pipeline.health_line(t, day.health), counts)))),
    ]
    blocks += [_row(t, row, now) for row in _urgent(day)]
    if is_outside:
        blocks.append(elements.section(t("home.outside")))
    blocks.append(elements.divider())
    parts = [*_PARTS, *(("members", "same") if teams or may_add else ()), "words"]
    blocks.append(elements.section("\n".join(t(f"help.{part}") for part in parts)))
    if teams or may_add:
        blocks += [elements.divider(), elements.section(f"*{t('setup.teams_title')}*")]
        blocks += setup_forms.team_rows(t, teams[:_MOST_TEAMS], may_add=may_add)
    return elements.message(f"{title}: {counts}" if counts else title, blocks)


def _counts(t: Translator, day: Day) -> str:
    overdue = max(day.counts.get("overdue", 0), len(day.overdue))
    today = max(day.counts.get("today", 0), len(day.today))
    counts = {"overdue": overdue, "today": today, "waiting": len(day.waiting), "open": day.counts.get("open", 0)}
    return " · ".join(t(f"help.count.{name}", count=count) for name, count in counts.items() if count)


def _urgent(day: Day) -> list[OpportunityLine]:
    return [*day.overdue, *day.today][:_SHOWN]


def _row(t: Translator, row: OpportunityLine, now: datetime) -> Block:
    button = elements.button(t("home.button.log"), Action.FOLLOW_UP_OPEN, row.id)
    return elements.section(home.row_text(t, row, now), accessory=button, block_id=f"loop.{row.id}")
