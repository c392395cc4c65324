"""Owns the App Home, "My day": loop health on top, then what is overdue, due today, waiting for an answer, and next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.i18n import Translator
from bot.services.case_values import RegistrationCase, RulingCase
from bot.services.pool_list import PoolPage
from bot.services.values import Day, OpportunityLine
from bot.views import absences, digest, elements, pipeline, pool_forms, waiting_cases
from bot.views.elements import Block, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line
from bot.views.nudges import late
from bot.views.registration_views import RegistrationId
from bot.views.review_forms import ReviewId
from bot.views.snooze import snooze_select
from bot.views.steps import step_text

# Two blocks a row; with all of these full Slack's 100 blocks would not be enough for the pool as well, which stands last.
MOST = {"overdue": 12, "today": 12, "waiting": 8, "team": 8, "reviews": 5, "upcoming": 8}
_CUSTOMER, _NEED, _STEP = 80, 80, 200


def view(
    t: Translator,
    day: Day,
    now: datetime,
    *,
    has_team: bool = True,
    may_set_up: bool = False,
    is_outside: bool = False,
    undelivered: Sequence[Block] = (),
    has_old_keys: bool = False,
    pool: PoolPage | None = None,
    cases: Sequence[RulingCase | RegistrationCase] = (),
) -> View:
    """Return a member's Home.

    Args:
        t: The member's.
        day: Their day.
        now: The present moment, aware.
        has_team: Whether the workspace has a team yet.
        may_set_up: Whether they may set teams up.
        is_outside: Whether they are on no team and manage none.
        undelivered: What an admin sees of messages that could not be delivered, from ``dead_letters.part``.
        has_old_keys: Whether an admin is to have the keys of customers rewritten.
        pool: The beginning of the pool as they see it.
        cases: What waits for their decision.
    """
    blocks = [elements.header(t("home.title", day=t.local(now).date()))]
    if not has_team:
        blocks += _without_team(t, may_set_up=may_set_up)
    else:
        blocks += _with_team(t, day, now, may_set_up=may_set_up, to_decide=_to_decide(t, cases))
        blocks += pool_forms.home_part(t, pool) if pool is not None else []
        if is_outside:
            blocks.insert(1, elements.section(t("home.outside")))
    top = next((index for index, block in enumerate(blocks) if block.get("block_id") == "home.top"), 0)
    old_keys = [elements.section(t("rekey.due"))] if has_old_keys else []
    blocks[top + 1 : top + 1] = [*undelivered, *old_keys]
    return {"type": "home", "callback_id": Callback.HOME.value, "blocks": blocks[: elements.MODAL_BLOCKS]}


def row_text(t: Translator, row: OpportunityLine, now: datetime) -> str:
    """Return an opportunity in two or three short lines: who and what, what comes next and when, grade, stage and amount."""
    head = f"*{escape_line(row.customer, _CUSTOMER)}* – {escape_line(row.need, _NEED)}"
    facts = [row.grade, t.value(row.stage.name)]
    if row.amount_minor is not None:
        facts.append(t.money(row.amount_minor, row.currency))
    return f"{head}\n{_next(t, row, now)}\n_{' · '.join(facts)}_"


def _next(t: Translator, row: OpportunityLine, now: datetime) -> str:
    if row.review_due_at is not None:
        return t("nudge.review", due=row.review_due_at)
    if row.next_due_at is None or not row.next_text:
        return t("home.no_step")
    step = step_text(t, row.next_text, _STEP)
    if row.is_overdue:
        return t("home.overdue_step", step=step, due=t.near(row.next_due_at, now), late=late(t, row.next_due_at, now))
    return t("home.next_step", step=step, due=t.near(row.next_due_at, now))


def _without_team(t: Translator, *, may_set_up: bool) -> list[Block]:
    if not may_set_up:
        return [elements.section(t("home.no_team_yet"))]
    button = elements.button(t("setup.button.first"), Action.SETUP_OPEN, "new", style="primary")
    return [elements.section(t("home.set_up")), elements.actions(button, block_id="home.setup")]


def _with_team(t: Translator, day: Day, now: datetime, *, may_set_up: bool, to_decide: list[Block]) -> list[Block]:
    ahead = day.away_from if day.away_from is not None and day.away_from > now else None
    buttons = _top_buttons(t, day, ahead, may_set_up=may_set_up)
    blocks = [elements.section(pipeline.health_line(t, day.health)), buttons]
    if day.away_until is not None:
        blocks.append(elements.section(absences.line(t, ahead, day.away_until, day.zone, is_new=False)))
    blocks += _part(t, "overdue", day.overdue, now, known=day.counts.get("overdue"))
    blocks += _part(t, "today", day.today, now, known=day.counts.get("today"))
    blocks += _part(t, "waiting", day.waiting, now)
    blocks += _part(t, "team", day.team_gaps, now, known=day.counts.get("team"))
    blocks += _part(t, "reviews", day.reviews, now)
    blocks += _part(t, "upcoming", day.upcoming, now)
    if not (day.overdue or day.today or day.waiting or to_decide or day.team_gaps or day.reviews):
        # Good news stands above what comes next, not below it.
        words = "home.all_done" if day.upcoming or day.counts.get("open") else "home.empty"
        blocks.insert(2, elements.section(t("home.team_done" if may_set_up and words == "home.empty" else words)))
    # Others wait for these: they come before one's own.
    blocks[2:2] = to_decide
    return blocks


def _to_decide(t: Translator, cases: Sequence[RulingCase | RegistrationCase]) -> list[Block]:
    """Return what waits for a decision, each with a button to its evidence and the ways to decide."""
    if not cases:
        return []
    title = t("home.counted", title=t("home.to_decide"), count=len(cases))
    return [elements.divider(), elements.section(f"*{title}*"), *waiting_cases.rows(t, cases)]


def _top_buttons(t: Translator, day: Day, away_from: datetime | None, *, may_set_up: bool) -> Block:
    row = [
        elements.button(t("home.button.lead"), Action.LEAD_OPEN, "new", style="primary"),
        elements.button(t("home.button.register"), RegistrationId.NEW, "new"),
        elements.button(t("since.button"), Action.PIPELINE_SINCE, "home"),
        elements.button(t("home.button.refresh"), Action.HOME_REFRESH, "home"),
    ]
    if may_set_up:
        row.append(elements.button(t("setup.button.teams"), Action.SETUP_TEAM, "teams"))
        row.append(elements.button(t("members.button.open"), Action.MEMBERS_OPEN, "0"))
    if day.away_until is not None:
        row.append(absences.end_button(t, away_from, style="primary"))
    else:
        row.append(elements.button(t("absence.button.open"), Action.ABSENCE_OPEN, "away"))
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
    if name == "reviews":
        open_card = elements.button(t("review.button"), ReviewId.OPEN, row.id)
    text = digest.risk(t, row) if name == "team" else row_text(t, row, now)
    if name == "waiting" and row.accept_by is not None:
        text += f"\n{t('home.accept_by', by=row.accept_by)}"
    blocks = [elements.section(text, accessory=open_card, block_id=f"home.{name}.{row.id}")]
    if name in {"team", "reviews", "upcoming"}:
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
