"""Owns the App Home, "My day": loop health on top, then what is overdue, due today, waiting for an answer, and next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.i18n import Translator
from bot.services.values import Day, OpportunityLine
from bot.views import elements, pipeline
from bot.views.elements import Block, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line
from bot.views.nudges import late
from bot.views.snooze import snooze_select

# Two blocks a row; with all of these full the Home has 84 of the 100 blocks that Slack allows.
MOST = {"overdue": 12, "today": 12, "waiting": 8, "upcoming": 8}
_CUSTOMER, _NEED, _STEP = 80, 80, 200


def view(
    t: Translator, day: Day, now: datetime, *, has_team: bool = True, may_set_up: bool = False, is_outside: bool = False
) -> View:
    """Return a member's Home.

    Args:
        t: The member's.
        day: Their day.
        now: The present moment, aware.
        has_team: Whether the workspace has a team yet.
        may_set_up: Whether they may set teams up.
        is_outside: Whether they are on no team and manage none.
    """
    blocks = [elements.header(t("home.title", day=t.local(now).date()))]
    if not has_team:
        blocks += _without_team(t, may_set_up=may_set_up)
    else:
        blocks += _with_team(t, day, now, may_set_up=may_set_up)
        if is_outside:
            blocks.insert(1, elements.section(t("home.outside")))
    return {"type": "home", "callback_id": Callback.HOME.value, "blocks": blocks[: elements.MODAL_BLOCKS]}


def row_text(t: Translator, row: OpportunityLine, now: datetime) -> str:
    """Return an opportunity in two or three short lines: who and what, what comes next and when, grade, stage and amount."""
    head = f"*{escape_line(row.customer, _CUSTOMER)}* – {escape_line(row.need, _NEED)}"
    facts = [row.grade, t.value(row.stage.name)]
    if row.amount_minor is not None:
        facts.append(t.money(row.amount_minor, row.currency))
    return f"{head}\n{_next(t, row, now)}\n_{' · '.join(facts)}_"


def _next(t: Translator, row: OpportunityLine, now: datetime) -> str:
    if row.next_due_at is None or not row.next_text:
        return t("home.no_step")
    step = escape_line(row.next_text, _STEP)
    if row.is_overdue:
        return t("home.overdue_step", step=step, due=row.next_due_at, late=late(t, row.next_due_at, now))
    return t("home.next_step", step=step, due=row.next_due_at)


def _without_team(t: Translator, *, may_set_up: bool) -> list[Block]:
    if not may_set_up:
        return [elements.section(t("home.no_team_yet"))]
    button = elements.button(t("setup.button.first"), Action.SETUP_OPEN, "new", style="primary")
    return [elements.section(t("home.set_up")), elements.actions(button, block_id="home.setup")]


def _with_team(t: Translator, day: Day, now: datetime, *, may_set_up: bool) -> list[Block]:
    blocks = [elements.section(pipeline.health_line(t, day.health)), _top_buttons(t, may_set_up=may_set_up)]
    blocks += _part(t, "overdue", day.overdue, now, known=day.counts.get("overdue"))
    blocks += _part(t, "today", day.today, now, known=day.counts.get("today"))
    blocks += _part(t, "waiting", day.waiting, now)
    blocks += _part(t, "upcoming", day.upcoming, now)
    if not (day.overdue or day.today or day.waiting):
        # Good news stands above what comes next, not below it.
        words = t("home.all_done") if day.upcoming or day.counts.get("open") else t("home.empty")
        blocks.insert(2, elements.section(words))
    return blocks


def _top_buttons(t: Translator, *, may_set_up: bool) -> Block:
    row = [
        elements.button(t("home.button.lead"), Action.LEAD_OPEN, "new", style="primary"),
        elements.button(t("since.button"), Action.PIPELINE_SINCE, "home"),
        elements.button(t("home.button.refresh"), Action.HOME_REFRESH, "home"),
    ]
    if may_set_up:
        row.append(elements.button(t("setup.button.teams"), Action.SETUP_TEAM, "teams"))
    return elements.actions(*row, block_id="home.top")


def _part(
    t: Translator, name: str, rows: Sequence[OpportunityLine], now: datetime, *, known: int | None = None
) -> list[Block]:
    if not rows:
        return []
    count = max(known or 0, len(rows))
    shown = rows[: MOST[name]]
    title = (
        t(f"home.part.{name}") if name == "upcoming" else t("home.counted", title=t(f"home.part.{name}"), count=count)
    )
    blocks = [elements.divider(), elements.section(f"*{title}*")]
    for row in shown:
        blocks += _row(t, name, row, now)
    if name != "upcoming" and count > len(shown):
        blocks.append(elements.context(t(f"home.more_{name}", count=count - len(shown))))
    return blocks


def _row(t: Translator, name: str, row: OpportunityLine, now: datetime) -> list[Block]:
    open_card = elements.button(t("home.button.open"), Action.CARD_OPEN, row.id)
    text = row_text(t, row, now)
    if name == "waiting" and row.accept_by is not None:
        text += f"\n{t('home.accept_by', by=row.accept_by)}"
    blocks = [elements.section(text, accessory=open_card, block_id=f"home.{name}.{row.id}")]
    if name == "upcoming":
        return blocks
    return [*blocks, elements.actions(*_buttons(t, name, row.id), block_id=f"home.{name}.{row.id}.do")]


def _buttons(t: Translator, name: str, number: int) -> list[Any]:
    if name == "waiting":
        return [
            elements.button(t("home.button.accept"), Action.HANDOVER_ACCEPT, number, style="primary"),
            elements.button(t("home.button.decline"), Action.HANDOVER_DECLINE, number),
        ]
    style = "primary" if name == "overdue" else None
    return [
        elements.button(t("home.button.log"), Action.FOLLOW_UP_OPEN, number, style=style),
        elements.button(t("home.button.done"), Action.NEXT_STEP_DONE, number),
        snooze_select(t, number),
    ]
