"""Owns the messages of the clock: what an owner should see to, bundled, and what a manager should know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.attention import Cause, Step
from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, mention
from bot.views.review_forms import ReviewId
from bot.views.snooze import snooze_select

MOST_ITEMS = 10
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NEED, _CUSTOMER, _STEP = 80, 80, 200
_GRADES = {"A": 0, "B": 1, "C": 2}


@dataclass(frozen=True, slots=True)
class NudgeItem:
    """One opportunity in a bundle: as it stands, and the rung of the ladder that brought it here."""

    opportunity: OpportunityView
    cause: Cause
    step: Step
    moment: datetime
    is_repeat: bool = False


def ranked(items: Sequence[NudgeItem]) -> list[NudgeItem]:
    """Return each opportunity once, by grade, then the largest amount, then the longest wait."""
    best: dict[int, NudgeItem] = {}
    for item in items:
        known = best.get(item.opportunity.id)
        if known is None or _weight(item) < _weight(known):
            best[item.opportunity.id] = item
    return sorted(best.values(), key=_rank)


def _weight(item: NudgeItem) -> tuple[bool, datetime]:
    # Of two reasons for one opportunity the warning is the graver; otherwise the older one is told.
    return (item.step is not Step.WARN, item.moment)


def _rank(item: NudgeItem) -> tuple[bool, int, int, datetime, int]:
    shown = item.opportunity
    grade = _GRADES.get(shown.grade, len(_GRADES))
    # What is about to be taken away stands above everything else.
    return (item.step is not Step.WARN, grade, -(shown.amount_minor or 0), shown.next_due_at or item.moment, shown.id)


def nudge(t: Translator, items: Sequence[NudgeItem], now: datetime) -> Message:
    """Return the bundle for an owner: each opportunity with what is due, how late, and buttons to act at once.

    Args:
        t: The owner's.
        items: At least one, still true.
        now: The present moment, aware.
    """
    rows = ranked(items)
    shown = rows[:MOST_ITEMS]
    title = t("nudge.title", count=len(rows))
    blocks: list[Block] = [elements.section(f"⏰ *{title}*")]
    for item in shown:
        blocks += [elements.section(_line(t, item, now)), owner_buttons(t, item)]
    blocks += _more(t, len(rows) - len(shown))
    return elements.message(_fallback(t, title, shown), blocks)


def escalation(t: Translator, items: Sequence[NudgeItem], now: datetime) -> Message:
    """Return the bundle for a manager: who is late with what, and how late. As ``nudge``."""
    rows = ranked(items)
    shown = rows[:MOST_ITEMS]
    title = t("nudge.escalation_title", count=len(rows))
    blocks: list[Block] = [elements.section(f"🔺 *{title}*")]
    for item in shown:
        who = item.opportunity.owner
        owner = mention(who.slack_user_id, who.name) if who else t("nudge.in_pool")
        text = f"{_line(t, item, now)}\n{t('nudge.owner', owner=owner)}"
        blocks += [elements.section(text), _manager_buttons(t, item)]
    blocks += _more(t, len(rows) - len(shown))
    return elements.message(_fallback(t, title, shown), blocks)


def late(t: Translator, due: datetime, now: datetime) -> str:
    """Return how late something is, as people say it: due now, 20 minutes, 3 hours, 2 days."""
    seconds = (now - due).total_seconds()
    if seconds < _MINUTE:
        return t("nudge.due_now")
    if seconds < _HOUR:
        return t("nudge.late_minutes", count=int(seconds // _MINUTE))
    if seconds < _DAY:
        return t("nudge.late_hours", count=int(seconds // _HOUR))
    return t("nudge.late_days", count=int(seconds // _DAY))


def facts(t: Translator, shown: OpportunityView) -> str:
    """Return grade, stage and amount in a few characters."""
    found = [shown.grade, t.value(shown.stage.name)]
    if shown.amount_minor is not None:
        found.append(t.money(shown.amount_minor, shown.currency))
    return " · ".join(found)


def _line(t: Translator, item: NudgeItem, now: datetime) -> str:
    shown = item.opportunity
    head = f"*{escape_line(shown.customer, _CUSTOMER)}* – {escape_line(shown.need, _NEED)}"
    return f"{head}\n{why(t, item, now)}\n_{facts(t, shown)}_"


def why(t: Translator, item: NudgeItem, now: datetime) -> str:
    """Return in one line why an opportunity is in the bundle."""
    shown = item.opportunity
    step = escape_line(shown.next_text, _STEP) if shown.next_text else t("nudge.no_step")
    touched = shown.last_follow_up_at or shown.captured_at
    match item.cause:
        case Cause.NEXT_STEP:
            due = shown.next_due_at or item.moment
            line = t("nudge.today", step=step, due=t.near(due, now)) if due > now else _overdue(t, step, due, now)
        case Cause.CADENCE:
            line = t("nudge.cadence", since=touched, step=step)
        case Cause.STAGE_LIMIT:
            since = shown.stage_entered_at.astimezone(t.local(now).tzinfo).date()
            line = t("nudge.stage_limit", stage=shown.stage.name, since=since)
        case Cause.SILENCE:
            line = t("nudge.warning", since=touched)
        case Cause.ACCEPT | Cause.HANDOVER:
            line = t("nudge.accept", by=shown.accept_by or item.moment)
        case Cause.POOL:
            line = t("nudge.pool", since=shown.captured_at)
        case Cause.REVIEW:
            line = t("nudge.review", due=shown.review_due_at or item.moment)
        case Cause.WIN_BACK:
            line = t("nudge.win_back", since=shown.closed_at or item.moment)
    return line


def _overdue(t: Translator, step: str, due: datetime, now: datetime) -> str:
    if (now - due).total_seconds() < _MINUTE:
        return t("nudge.now", step=step)
    return t("nudge.next_step", step=step, due=t.near(due, now), late=late(t, due, now))


def owner_buttons(t: Translator, item: NudgeItem) -> Block:
    """Return the row of buttons with which an owner acts at once."""
    number = item.opportunity.id
    if item.cause in {Cause.REVIEW, Cause.WIN_BACK}:
        return _closed_buttons(t, item)
    row = [
        elements.button(t("nudge.button.log"), Action.FOLLOW_UP_OPEN, number, style="primary"),
        elements.button(t("nudge.button.done"), Action.NEXT_STEP_DONE, number),
        snooze_select(t, number),
        elements.button(t("nudge.button.hand_over"), Action.HANDOVER_OPEN, number),
        elements.button(t("nudge.button.lost"), Action.LOSE_OPEN, number),
    ]
    return elements.actions(*row, block_id=f"nudge.{number}")


def _closed_buttons(t: Translator, item: NudgeItem) -> Block:
    number = item.opportunity.id
    first = elements.button(t("review.button"), ReviewId.OPEN, number, style="primary")
    if item.cause is Cause.WIN_BACK:
        first = elements.button(t("notice.reopen"), Action.REOPEN_OPEN, number, style="primary")
    return elements.actions(
        first, elements.button(t("nudge.button.open"), Action.CARD_OPEN, number), block_id=f"nudge.{number}"
    )


def _manager_buttons(t: Translator, item: NudgeItem) -> Block:
    number = item.opportunity.id
    if item.cause in {Cause.REVIEW, Cause.WIN_BACK}:
        return _closed_buttons(t, item)
    label = "nudge.button.assign" if item.opportunity.owner is None else "nudge.button.reassign"
    return elements.actions(
        elements.button(t("nudge.button.open"), Action.CARD_OPEN, number, style="primary"),
        elements.button(t(label), Action.HANDOVER_OPEN, number),
        block_id=f"nudge.{number}",
    )


def _more(t: Translator, count: int) -> list[Block]:
    return [elements.context(t("nudge.more", count=count))] if count > 0 else []


def _fallback(t: Translator, title: str, items: Sequence[NudgeItem]) -> str:
    names = t("nudge.joint").join(escape_line(item.opportunity.customer, _CUSTOMER) for item in items[:3])
    return t("nudge.fallback", title=title, names=names)
