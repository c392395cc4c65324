"""Owns a ruling on screen: the manager's card with the evidence, the form of one sentence, what both sides are told."""

import json
from enum import StrEnum
from typing import Any

from bot.domain.rulings import Evidence, Verdict
from bot.i18n import Translator
from bot.services.case_values import RulingCase
from bot.services.settlements import SHARE, Settled, Side, Standoff
from bot.services.values import OpportunityView
from bot.views import cards, elements
from bot.views.collision_forms import CollisionId, precedent, verdict
from bot.views.elements import Block, Message, View
from bot.views.ids import Action
from bot.views.mrkdwn import clip, escape_line, one_line, quote
from bot.views.steps import step_text

_NAME, _NEED, _PLEA, _SENTENCE, _DATES = 120, 200, 1000, 300, 5
_SIDES, _SIDE_NEED = 9, 60


class RulingId(StrEnum):
    """action_id and callback_id of what only rulings have."""

    OPEN = "ruling.open"
    KEEP = "ruling.keep"
    GIVE = "ruling.give"
    SHARE = "ruling.share"
    RULE = "ruling.rule"
    SETTLE = "ruling.settle"
    CAPTURE = "ruling.capture"


def card(t: Translator, case: RulingCase) -> Message:
    """Return what a manager decides by: the plea, the evidence, the precedents, three buttons; once ruled, what was ruled."""
    head = t(
        "ruling.head", asker=_name(case.asker.name), team=_name(case.asker_team or "–"), customer=_name(case.customer)
    )
    blocks: list[Block] = [elements.section(f"{head}\n{quote(case.plea, _PLEA)}")]
    if not case.is_open:
        line = ended_line(t, case)
        return elements.message(line, [*blocks, elements.section(line)])
    blocks.append(elements.section("\n".join(_evidence(t, case))))
    if case.precedents:
        blocks.append(elements.context(*(precedent(t, past) for past in case.precedents)))
    blocks.append(elements.actions(*_ways(t, case), block_id=f"ruling.{case.id}"))
    return elements.message(head, blocks)


def ruled_line(t: Translator, case: RulingCase) -> str:
    """Return who ruled what, in which words."""
    return t(
        "ruling.ruled",
        judge=_name(case.judge.name if case.judge else "–"),
        customer=_name(case.customer),
        verdict=_verdict(t, case, case.verdict or Verdict.KEEP),
        sentence=escape_line(case.sentence or "–", _SENTENCE),
    )


def ended_line(t: Translator, case: RulingCase) -> str:
    """Return how a request ended: who ruled what, or why there is nothing to rule on any more."""
    if case.state == "ruled":
        return ruled_line(t, case)
    cause = t(f"ruling.cause.{case.cause or case.state}")
    return t("ruling.dropped", asker=_name(case.asker.name), customer=_name(case.customer), cause=cause)


def waiting(t: Translator, case: RulingCase) -> Message:
    """Return what the one who asked reads: who decides, with the way to take it back; at last, how it ended."""
    if not case.is_open:
        # The ruling itself comes as a message of its own, with what can be done now.
        line = t("ruling.decided", customer=_name(case.customer)) if case.state == "ruled" else ended_line(t, case)
        return elements.message(line, [elements.section(line)])
    judges = t("ruling.joint").join(_name(one.name) for one in case.judges)
    words = t("ruling.waiting", customer=_name(case.customer), judges=judges or "–")
    button = elements.button(t("ruling.button.withdraw"), CollisionId.WITHDRAW, case.id)
    blocks = [
        elements.section(f"{words}\n{quote(case.plea, _PLEA)}"),
        elements.actions(button, block_id=f"ruling.{case.id}.asked"),
    ]
    return elements.message(words, blocks)


def line(t: Translator, case: RulingCase) -> str:
    """Return an open case in two lines, for a list."""
    words = t("ruling.row", customer=_name(case.customer), asker=_name(case.asker.name), owner=_owner(t, case))
    return f"{words}\n{escape_line(case.plea, 120)}"


def sentence_form(t: Translator, case: RulingCase, what: Verdict) -> View:
    """Return the form that asks for the one sentence that both sides read."""
    blocks: list[Block] = [
        elements.section(t("ruling.will_be", customer=_name(case.customer), verdict=_verdict(t, case, what))),
        _sentence(t),
    ]
    return elements.modal(
        RulingId.RULE,
        t("ruling.title"),
        blocks,
        submit=t("ruling.submit"),
        close=t("answer.cancel"),
        metadata=json.dumps({"ruling": case.id, "verdict": what.value}),
    )


def _sentence(t: Translator) -> Block:
    return elements.text_input(
        "sentence",
        t("ruling.field.sentence"),
        placeholder=t("ruling.field.sentence_hint"),
        hint=t("ruling.field.sentence_read"),
        most=_SENTENCE,
    )


def settle_form(t: Translator, one: Standoff) -> View:
    """Return the form in which a manager says whose a customer is, of all who have it; or share it."""
    options = [
        elements.option(t("ruling.settle.all", member=one_line(side.member.name)), str(side.member.id))
        for side in one.sides[:_SIDES]
        if side.may_have_all
    ]
    if one.may_share:
        options.append(elements.option(t("ruling.settle.share"), SHARE))
    blocks: list[Block] = [
        elements.section(t("ruling.settle.head", customer=_name(one.customer))),
        elements.section("\n".join(_side(t, side) for side in one.sides[:_SIDES])),
    ]
    if not one.may_share:
        blocks.append(elements.context(t("ruling.settle.other_team")))
    if not options:
        return elements.modal(RulingId.SETTLE, t("ruling.title"), blocks, close=t("answer.close"))
    blocks += [
        elements.radio_input("to", t("ruling.settle.to"), options),
        _sentence(t),
    ]
    return elements.modal(
        RulingId.SETTLE,
        t("ruling.title"),
        blocks,
        submit=t("ruling.submit"),
        close=t("answer.cancel"),
        metadata=json.dumps({"id": one.opportunity_id}),
    )


def _side(t: Translator, side: Side) -> str:
    needs = t("ruling.joint").join(escape_line(need, _SIDE_NEED) for need in side.needs[:_DATES])
    return t("ruling.settle.side", member=_name(side.member.name), team=_name(side.team), needs=needs or "📌")


def settled(t: Translator, done: Settled) -> str:
    """Return what the manager reads after settling a collision."""
    if done.owner is not None:
        return t("ruling.settle.done", customer=_name(done.customer), member=_name(done.owner))
    names = t("ruling.joint").join(_name(one) for one in done.names)
    return t("ruling.settle.done_share", customer=_name(done.customer), names=names)


def told(t: Translator, case: RulingCase, shown: OpportunityView | None, *, is_asker: bool) -> Message:
    """Return what a side of the case is told: the verdict with its sentence, and what they can do now.

    Args:
        t: The reader's.
        case: As it was ruled.
        shown: The opportunity, where the reader may see it.
        is_asker: Whether the reader asked for the ruling.
    """
    words = ruled_line(t, case)
    blocks: list[Block] = [elements.section(words)]
    is_free = case.verdict is Verdict.SHARE or (case.verdict is Verdict.GIVE and case.opportunity_id is None)
    # Where nobody asked, both have it already.
    if is_asker and is_free and case.plea:
        button = elements.button(t("ruling.button.capture"), RulingId.CAPTURE, case.id, style="primary")
        blocks.append(elements.actions(button, block_id=f"ruled.{case.id}"))
    elif shown is not None:
        blocks += cards.personal_card(t, shown)[1]
    return elements.message(words, blocks)


def _ways(t: Translator, case: RulingCase) -> list[Any]:
    owner, asker = clip(case.owner.name, 40) if case.owner else None, clip(case.asker.name, 40)
    keep = t("ruling.button.keep", owner=owner) if owner else t("ruling.button.keep_pool")
    # With nobody who has it there is nobody to share with.
    share = [elements.button(t("ruling.button.share"), RulingId.SHARE, case.id)] if owner else []
    number = case.opportunity_id
    return [
        elements.button(keep, RulingId.KEEP, case.id),
        elements.button(t("ruling.button.give", asker=asker), RulingId.GIVE, case.id),
        *share,
        *([elements.button(t("answer.open_card"), Action.CARD_OPEN, number)] if number is not None else []),
    ]


def _evidence(t: Translator, case: RulingCase) -> list[str]:
    one, need = case.evidence, escape_line(case.need, _NEED)
    lines = []
    if case.opportunity_id is not None:
        lines.append(t("ruling.evidence.owner", owner=_owner(t, case), team=_name(case.team), need=need))
    else:
        lines.append(t("ruling.evidence.registration", owner=_owner(t, case), team=_name(case.team), note=need))
    if one.registered_at is not None:
        days = {"asked": t.local(one.registered_at).date(), "day": t.local(one.approved_at or one.registered_at).date()}
        lines.append(t("ruling.evidence.registered", **days, judge=_name(one.approved_by or "–")))
    if one.captured_at is not None:
        lines.append(t("ruling.evidence.captured", at=one.captured_at, who=_name(one.captured_by or "–")))
    lines.append(_touches(t, one))
    if one.next_due_at is not None:
        lines.append(t("ruling.evidence.next", step=step_text(t, one.next_text, _NEED), due=one.next_due_at))
    if one.protected_until is not None:
        lines.append(t("ruling.evidence.protected", day=t.local(one.protected_until).date()))
    asker = _name(case.asker.name)
    if case.beside:
        lines.append(t("ruling.evidence.beside", asker=asker, count=case.beside))
    if one.attempts:
        lines.append(t("ruling.evidence.attempts", asker=asker, count=len(one.attempts), days=_days(t, one.attempts)))
    if one.told_at:
        lines.append(t("ruling.evidence.told", asker=asker, days=_days(t, one.told_at)))
    if one.need:
        lines.append(t("ruling.evidence.need", asker=asker, need=escape_line(one.need, _NEED)))
    return [f"• {text}" for text in lines]


def _touches(t: Translator, one: Evidence) -> str:
    if one.first_touch_at is None or one.last_follow_up_at is None:
        return t("ruling.evidence.untouched")
    return t(
        "ruling.evidence.touched",
        at=one.first_touch_at,
        who=_name(one.first_touch_by or "–"),
        count=one.follow_ups,
        day=t.local(one.last_follow_up_at).date(),
    )


def _days(t: Translator, moments: tuple[Any, ...]) -> str:
    days = sorted({t.local(one).date() for one in moments})
    shown = [t.date(day) for day in days[-_DATES:]]
    return t("ruling.joint").join(["…", *shown] if len(days) > _DATES else shown)


def _verdict(t: Translator, case: RulingCase, what: Verdict) -> str:
    return verdict(t, what.value, case.owner.name if case.owner else None, case.asker.name)


def _owner(t: Translator, case: RulingCase) -> str:
    return _name(case.owner.name) if case.owner else t("card.pool")


def _name(name: str) -> str:
    return escape_line(name, _NAME)
