"""Owns the card of an opportunity: in the team's channel for everybody, and for one reader with what they may do."""

from datetime import datetime, timedelta
from typing import Any

from bot.domain.playbook import StageKind
from bot.i18n import Translator
from bot.services.values import CollisionMark, OpportunityView
from bot.views import elements, history, why
from bot.views.elements import Block, Message
from bot.views.ids import CARD_BLOCK, Action
from bot.views.mrkdwn import escape_line, harmless, harmless_name
from bot.views.review_forms import ReviewId
from bot.views.steps import step_text

_NAME, _NEED, _STEP = 120, 240, 200
_UNDO = timedelta(minutes=10)
_CHANNEL_MAY = frozenset({"follow_up", "advance", "won", "lost", "handover", "edit", "release", "settle"})
_POOL_MAY = frozenset({"claim", "settle"})
_OWNER_LEFT = "assign.owner_left"


def channel_card(t: Translator, view: OpportunityView) -> Message:
    """Return the card that everybody in the team's channel sees; who may not act is told so when they try."""
    may = frozenset({"reopen", "review"}) if view.closed_at else _CHANNEL_MAY if view.owner else _POOL_MAY
    return _card(t, view, may, None)


def personal_card(t: Translator, view: OpportunityView, now: datetime | None = None) -> Message:
    """Return the card for one reader, with what they may do; with the present moment, also what they may undo."""
    return _card(t, view, view.may, _undoable(view, now) if now else None)


def _card(t: Translator, view: OpportunityView, may: frozenset[str], undo: int | None) -> Message:
    blocks: list[Block] = [
        # Beside the two short lines: on a phone it would squeeze the facts.
        elements.section(headline(t, view), accessory=why.button(t, view.id, view.grade)),
        elements.section("\n".join(_facts(t, view))),
    ]
    small = [grade_line(t, view)]
    details = _details(t, view)
    if details:
        small.append(details)
    blocks.append(elements.context("\n".join(small)))
    events = history.latest(t, view, 3)
    if events:
        blocks.append(elements.context("\n".join(events)))
    blocks += _buttons(t, view, may, undo)
    return elements.message(fallback(t, view), blocks)


def fallback(t: Translator, view: OpportunityView) -> str:
    """Return the card in one plain line, for notifications and screen readers."""
    return t(
        "card.fallback",
        customer=escape_line(view.customer, _NAME),
        stage=harmless_name(view.stage.name),
        owner=escape_line(view.owner.name, _NAME) if view.owner else t("card.pool"),
    )


def headline(_t: Translator, view: OpportunityView) -> str:
    """Return customer and need."""
    return f"*{escape_line(view.customer, _NAME)}*\n{escape_line(view.need, _NEED)}"


def stage_line(t: Translator, view: OpportunityView, *, with_grade: bool = True) -> str:
    """Return how far it is: a bar, the stage, the amount, and the grade where no line below explains it."""
    parts = [f"{stage_bar(view)} *{t.value(harmless_name(view.stage.name))}*"]
    if with_grade:
        parts.append(t("card.grade_short", grade=view.grade or "–"))
    if view.amount_minor is not None:
        parts.append(f"*{t.money(view.amount_minor, view.currency)}*")
    return " · ".join(parts)


def stage_bar(view: OpportunityView) -> str:
    """Return the stages as a bar, filled as far as the opportunity came."""
    stages = [stage for stage in view.stages if not stage.kind.is_closed]
    if view.stage.kind is StageKind.WON:
        return "▰" * len(stages)
    key = view.closed_from.key if view.closed_from else view.stage.key
    filled = next((index + 1 for index, stage in enumerate(stages) if stage.key == key), 0)
    return "▰" * filled + "▱" * (len(stages) - filled)


def _facts(t: Translator, view: OpportunityView) -> list[str]:
    lines = [stage_line(t, view), outcome_line(t, view) if view.closed_at else next_line(t, view), owner_line(t, view)]
    if view.collision is not None:
        lines.append(collision_line(t, view.collision))
    if wants_review(view):
        lines.append(t("review.asked", due=view.review_due_at))
    if view.offered_to is not None and (view.owner is None or view.offered_to.id != view.owner.id):
        lines.append(t("card.handover_waiting", member=escape_line(view.offered_to.name, _NAME)))
    return lines


def next_line(t: Translator, view: OpportunityView) -> str:
    """Return the next step with its time, marked where it is overdue."""
    if view.next_due_at is None:
        return t("card.no_next_step")
    key = "card.next_overdue" if view.is_overdue else "card.next"
    return t(key, step=step_text(t, view.next_text, _STEP), due=view.next_due_at)


def outcome_line(t: Translator, view: OpportunityView) -> str:
    """Return how a closed opportunity ended."""
    reason = t.value(harmless_name(view.close_reason.name)) if view.close_reason else "–"
    if view.stage.kind is StageKind.WON:
        return t("card.won", reason=reason, day=_day(t, view.closed_at))
    line = t(
        "card.lost",
        reason=reason,
        stage=harmless_name(view.closed_from.name) if view.closed_from else "–",
        day=_day(t, view.closed_at),
    )
    if view.competitor:
        line += t("card.competitor", competitor=escape_line(view.competitor, _NAME))
    if view.win_back_on:
        line += t("card.win_back", day=view.win_back_on)
    return line


def owner_line(t: Translator, view: OpportunityView) -> str:
    """Return the owner and why it is them, or that it is in the pool."""
    reason = t.text(harmless(view.owner_reason)) if view.owner_reason else "–"
    if view.owner is None:
        return t("card.in_pool", reason=reason)
    owner = escape_line(view.owner.name, _NAME)
    if view.owner_reason is not None and view.owner_reason.key == _OWNER_LEFT:
        return t("card.owner_left", owner=owner)
    if not view.is_accepted and view.accept_by is not None and view.closed_at is None:
        return t("card.owner_waiting", owner=owner, reason=reason, until=view.accept_by)
    return t("card.owner", owner=owner, reason=reason)


def collision_line(t: Translator, mark: CollisionMark) -> str:
    """Return with whom an opportunity collides, or who wants it, and since when."""
    names = [escape_line(one.name, _NAME) for one in mark.others or mark.askers]
    if not names:
        return t("card.collision_over")
    key = "card.collision" if mark.others else "card.collision_asked"
    return t(key, names=t("ruling.joint").join(names), day=t.local(mark.since).date())


def grade_line(t: Translator, view: OpportunityView) -> str:
    """Return the grade with the points that made it."""
    points = [
        t(
            "card.point_read" if one.is_read else "card.point",
            name=harmless_name(one.criterion),
            option=harmless_name(one.option),
            points=one.points,
        )
        for one in view.points
        if one.points
    ]
    return t(
        "card.grade", grade=view.grade or "–", score=max(view.score, 0), points=t("card.joint").join(points) or "–"
    )


def wants_review(view: OpportunityView) -> bool:
    """Say whether a closed opportunity's review is still to be written."""
    return view.closed_at is not None and view.review_due_at is not None and not view.is_reviewed


def _details(t: Translator, view: OpportunityView) -> str:
    found: list[tuple[str, Any]] = []
    if view.contact is not None:
        contact = t("card.comma").join(escape_line(one, 60) for one in (view.contact.name, view.contact.title) if one)
        found.append(("contact", contact))
    if view.expected_close_on is not None and view.closed_at is None:
        found.append(("close_on", view.expected_close_on))
    found += [
        (name, escape_line(value, 60))
        for name, value in (("product", view.product), ("region", view.region), ("industry", view.industry))
        if value
    ]
    return " · ".join(t(f"card.{name}", value=value) for name, value in found)


def _buttons(t: Translator, view: OpportunityView, may: frozenset[str], undo: int | None) -> list[Block]:
    shown = []
    if "accept" in may:
        shown.append(elements.button(t("card.button.accept"), Action.HANDOVER_ACCEPT, view.id, style="primary"))
        shown.append(elements.button(t("card.button.decline"), Action.HANDOVER_DECLINE, view.id))
    for name, action, style in (
        ("claim", Action.CLAIM, "primary"),
        ("follow_up", Action.FOLLOW_UP_OPEN, None if "accept" in may else "primary"),
        ("advance", Action.STAGE_OPEN, None),
        ("won", Action.WIN_OPEN, None),
        ("lost", Action.LOSE_OPEN, None),
        ("handover", Action.HANDOVER_OPEN, None),
    ):
        if name in may:
            shown.append(elements.button(t(f"card.button.{name}"), action, view.id, style=style))
    if "settle" in may and view.collision is not None:
        shown.append(elements.button(t("card.button.settle"), Action.COLLISION_SETTLE, view.id))
    if "review" in may and wants_review(view):
        shown.append(elements.button(t("review.button"), ReviewId.OPEN, view.id, style="primary"))
    options = [elements.option(t("card.button.history"), f"history:{view.id}")]
    if "edit" in may:
        options.append(elements.option(t("card.button.edit"), f"edit:{view.id}"))
    if "reopen" in may:
        options.append(elements.option(t("card.button.reopen"), f"reopen:{view.id}"))
    if "release" in may:
        options.append(elements.option(t("card.button.release"), f"release:{view.id}"))
    if "reassign" in may:
        options.append(elements.option(t("merge.menu"), f"merge:{view.id}"))
    if undo is not None:
        options.append(elements.option(t("card.button.undo"), f"undo:{view.id}:{undo}"))
    menu = elements.overflow(Action.CARD_MENU, options)
    return [elements.actions(*shown, menu, block_id=f"{CARD_BLOCK}{view.id}")]


def _undoable(view: OpportunityView, now: datetime) -> int | None:
    """Return the reader's own latest event if it can still be undone; the service decides in the end."""
    for one in view.history:
        if getattr(one.event, "undo", None) is not None:
            is_fresh = one.at + _UNDO >= now
            return one.id if is_fresh and view.may & {"follow_up", "reopen"} else None
    return None


def _day(t: Translator, moment: datetime | None) -> str:
    return t.date(t.local(moment).date()) if moment else "–"
