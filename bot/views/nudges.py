"""Owns the messages of the clock: what an owner should see to, bundled, and what a manager should know."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.attention import Cause, Step
from bot.i18n import Translator
from bot.services.bundled import NudgeItem
from bot.services.values import OpportunityView
from bot.views import elements
from bot.views.elements import Block, Message, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line, mention
from bot.views.review_forms import ReviewId
from bot.views.snooze import snooze_select
from bot.views.steps import step_text

MOST_ITEMS, PAGE = 10, 30
# A message holds some 12,000 letters in all: so many short names have room beside what it shows at length.
_NAMES, _SHORT_NAME = 100, 40
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_NEED, _CUSTOMER, _STEP = 80, 80, 200
_GRADES = {"A": 0, "B": 1, "C": 2}


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


def importance(shown: OpportunityView) -> tuple[int, int]:
    """Return what puts the most important opportunity first: its grade, then its amount."""
    return (_GRADES.get(shown.grade, len(_GRADES)), -(shown.amount_minor or 0))


def _rank(item: NudgeItem) -> tuple[bool, tuple[int, int], datetime, int]:
    shown = item.opportunity
    # What is about to be taken away stands above everything else.
    return (item.step is not Step.WARN, importance(shown), shown.next_due_at or item.moment, shown.id)


def named(left: Sequence[NudgeItem]) -> list[NudgeItem]:
    """Return what is told by name at least where a message has no room for more: nobody else tells of it again."""
    return [item for item in left if item.step is Step.WARN or item.cause is Cause.WIN_BACK][:_NAMES]


def nudge(t: Translator, items: Sequence[NudgeItem], now: datetime, *, number: int) -> Message:
    """Return the bundle for an owner: each opportunity with what is due, how late, and buttons to act at once.

    Args:
        t: The owner's.
        items: At least one, still true.
        now: The present moment, aware.
        number: The promise's, by which all of it is found where there is more than the message shows.
    """
    rows = ranked(items)
    shown = rows[:MOST_ITEMS]
    title = t("nudge.title", count=len(rows))
    blocks: list[Block] = [elements.section(f"⏰ *{title}*")]
    for item in shown:
        blocks += [elements.section(_line(t, item, now)), owner_buttons(t, item)]
    blocks += more(t, rows[MOST_ITEMS:], total=len(rows), shown=len(shown), number=number)
    return elements.message(_fallback(t, title, shown), blocks)


def escalation(
    t: Translator, items: Sequence[NudgeItem], now: datetime, *, number: int, stands_in: bool = False
) -> Message:
    """Return the bundle for a manager: who is late with what, and how late. As ``nudge``.

    ``stands_in`` where an admin reads it, since no manager of the team can be told.
    """
    rows = ranked(items)
    shown = rows[:MOST_ITEMS]
    title = t("nudge.escalation_title", count=len(rows))
    blocks: list[Block] = [elements.section(f"🔺 *{title}*")]
    if stands_in:
        blocks.append(elements.context(t("nudge.stands_in")))
    for item in shown:
        blocks += [elements.section(_line(t, item, now, with_owner=True)), _manager_buttons(t, item)]
    blocks += more(t, rows[MOST_ITEMS:], total=len(rows), shown=len(shown), number=number)
    return elements.message(_fallback(t, title, shown), blocks)


def whole(
    t: Translator, items: Sequence[NudgeItem], now: datetime, *, number: int, first: int, with_owner: bool
) -> View:
    """Return all that still waits of a bundle, page by page, as a modal.

    Args:
        t: The reader's.
        items: Still true; may be none by now.
        now: The present moment, aware.
        number: The promise's.
        first: At which place the page begins, from 0.
        with_owner: Each comes with its owner.
    """
    rows = ranked(items)
    first = first if first < len(rows) else 0
    shown = rows[first : first + PAGE]
    blocks: list[Block] = [
        elements.section(
            _line(t, item, now, with_owner=with_owner),
            accessory=elements.button(t("nudge.button.open"), Action.CARD_OPEN, item.opportunity.id),
        )
        for item in shown
    ]
    if not shown:
        blocks = [elements.section(t("nudge.none_left"))]
    turns = []
    if first > 0:
        turns.append(elements.button(t("pool.back"), Action.NUDGE_BACK, _place(number, max(0, first - PAGE))))
    if first + PAGE < len(rows):
        turns.append(elements.button(t("pool.on"), Action.NUDGE_ALL, _place(number, first + PAGE)))
    if turns:
        counted = t("nudge.shown", first=first + 1, last=first + len(shown), total=len(rows))
        blocks += [elements.context(counted), elements.actions(*turns, block_id="nudge.turn")]
    return elements.modal(Callback.RESULT, t("nudge.whole_title"), blocks, close=t("answer.close"))


def _place(number: int, first: int) -> str:
    # It begins with a word: what settles a message looks for an opportunity's number at the front.
    return f"all:{number}:{first}"


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


def _line(t: Translator, item: NudgeItem, now: datetime, *, with_owner: bool = False) -> str:
    shown, who = item.opportunity, item.opportunity.owner
    head = f"*{escape_line(shown.customer, _CUSTOMER)}* – {escape_line(shown.need, _NEED)}"
    text = f"{head}\n{why(t, item, now)}\n_{facts(t, shown)}_"
    if not with_owner:
        return text
    owner = mention(who.slack_user_id, who.name) if who else t("nudge.in_pool")
    return f"{text}\n{t('nudge.owner', owner=owner)}"


def why(t: Translator, item: NudgeItem, now: datetime) -> str:
    """Return in one line why an opportunity is in the bundle."""
    shown = item.opportunity
    step = step_text(t, shown.next_text, _STEP) if shown.next_text else t("nudge.no_step")
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


def more(t: Translator, left: Sequence[NudgeItem], *, total: int, shown: int, number: int) -> list[Block]:
    """Return what stands below a bundle for what it has no room for: names that must be told, and a button that shows it all.

    Args:
        t: The reader's.
        left: What has no room, as far as it is known; in order.
        total: How many there are in all.
        shown: How many of them the message shows.
        number: The promise's.
    """
    if total <= shown:
        return []
    by_name = named(left)
    blocks: list[Block] = []
    for head, is_warned in ((t("nudge.also_warned"), True), (t("nudge.also_win_back"), False)):
        names = [
            escape_line(item.opportunity.customer, _SHORT_NAME)
            for item in by_name
            if (item.step is Step.WARN) == is_warned
        ]
        if names:
            blocks += elements.paragraphs(f"{head} ", names, t("nudge.joint"))
    if hidden := total - shown - len(by_name):
        blocks.append(elements.context(t("nudge.more", count=hidden)))
    show_all = elements.button(t("nudge.button.all", count=total), Action.NUDGE_ALL, _place(number, 0))
    return [*blocks, elements.actions(show_all, block_id="nudge.all")]


def _fallback(t: Translator, title: str, items: Sequence[NudgeItem]) -> str:
    names = t("nudge.joint").join(escape_line(item.opportunity.customer, _CUSTOMER) for item in items[:3])
    return t("nudge.fallback", title=title, names=names)
