"""Owns the pool on screen: the list with its filters, the forms that release and assign, the card that moved away."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from bot.i18n import Translator
from bot.services.pool import BY_RULES, Taker
from bot.services.pool_list import PoolFilter, PoolPage, PoolRow
from bot.services.values import OpportunityView
from bot.views import elements
from bot.views.elements import Block, Element, Message, Option, View
from bot.views.ids import Action
from bot.views.mrkdwn import clip_mrkdwn, escape_line, harmless, harmless_name, one_line

_NAME, _NEED, _REASON = 120, 160, 120
ALL = "*"
HOME_ROWS = 3


class PoolId(StrEnum):
    """action_id and callback_id of what only the pool has."""

    LIST = "pool.list"
    OPEN = "pool.open"
    SCOPE = "pool.scope"
    GRADE = "pool.grade"
    REGION = "pool.region"
    SUBJECT = "pool.subject"
    BACK = "pool.back"
    AGAIN = "pool.again"
    ON = "pool.on"
    CLAIM = "pool.claim_row"
    ASSIGN_OPEN = "pool.assign_open"
    ASSIGN = "pool.assign"
    RELEASE = "pool.release"


def as_metadata(asked: PoolFilter) -> dict[str, Any]:
    """Return a filter as what a modal carries along."""
    known = {"scope": asked.scope, "grade": asked.grade, "region": asked.region, "subject": asked.subject}
    return {name: value for name, value in {**known, "words": asked.words, "page": asked.page}.items() if value}


def listing(t: Translator, page: PoolPage, *, banner: str | None = None, opens: int | None = None) -> View:
    """Return the list as a modal that its own selects and buttons change.

    Args:
        t: The reader's.
        page: What is shown.
        banner: What has just happened, as finished mrkdwn.
        opens: The opportunity that the banner is about, where the reader may open it now.
    """
    blocks: list[Block] = []
    if banner:
        card = elements.button(t("pool.open_card"), Action.CARD_OPEN, opens) if opens else None
        blocks += [elements.section(banner, accessory=card, block_id="pool.banner"), elements.divider()]
    blocks += [
        elements.actions(*_filters(t, page), block_id="pool.filters"),
        elements.text_input(
            "words",
            t("pool.words"),
            value=page.asked.words,
            optional=True,
            placeholder=t("pool.words_hint"),
            most=100,
        ),
    ]
    if not page.rows:
        blocks.append(elements.section(t("pool.empty_asked" if page.asked.is_narrow else "pool.empty")))
    for one in page.rows:
        blocks += [elements.divider(), row(t, one)]
    blocks += _foot(t, page)
    return elements.modal(
        PoolId.LIST,
        t("pool.title"),
        blocks,
        submit=t("pool.search"),
        close=t("answer.close"),
        metadata=json.dumps(as_metadata(page.asked), separators=(",", ":")),
    )


def row(t: Translator, one: PoolRow) -> Block:
    """Return one opportunity with its button: who and what, how far, since when and why it is there."""
    facts = [t("card.grade_short", grade=one.grade or "–"), t.value(harmless_name(one.stage.name))]
    if one.amount_minor is not None:
        facts.append(t.money(one.amount_minor, one.currency))
    facts.append(
        t("pool.last", day=t.local(one.last_follow_up_at).date()) if one.last_follow_up_at else t("pool.never")
    )
    reason = t.text(harmless(one.reason)) if one.reason else t("pool.why_import")
    lines = [
        f"*{escape_line(one.customer, _NAME)}* – {escape_line(one.need, _NEED)}",
        " · ".join(facts),
        t("pool.since", day=t.local(one.pooled_at).date(), reason=clip_mrkdwn(reason, _REASON)),
    ]
    if one.team is not None:
        lines.append(f"🌐 _{t('pool.from_team', team=escape_line(one.team, _NAME))}_")
    if one.registered is not None:
        owner, until = one.registered
        lines.append(t("pool.registered", owner=escape_line(owner, _NAME), until=t.local(until).date()))
    if one.opens_on is not None:
        lines.append(f"_{t('pool.opens', day=one.opens_on)}_")
    return elements.section("\n".join(lines), accessory=_button(t, one), block_id=f"pool.row.{one.id}")


def _button(t: Translator, one: PoolRow) -> Element | None:
    if one.may == "claim":
        return elements.button(t("pool.claim"), PoolId.CLAIM, one.id, style="primary")
    if one.may == "assign":
        return elements.button(t("pool.assign"), PoolId.ASSIGN_OPEN, one.id, style="primary")
    return None


def _filters(t: Translator, page: PoolPage) -> list[Element]:
    asked = page.asked
    scopes = [elements.option(t(f"pool.scope_{one}"), one) for one in ("team", "workspace")]
    grades = [elements.option(t("pool.grade", grade=one), one) for one in ("A", "B", "C")]
    found = [
        _select(t, "scope", PoolId.SCOPE, scopes, asked.scope),
        _select(t, "grade", PoolId.GRADE, grades, asked.grade),
    ]
    for name, action, known, chosen in (
        ("region", PoolId.REGION, page.regions, asked.region),
        ("subject", PoolId.SUBJECT, page.subjects, asked.subject),
    ):
        values = tuple(dict.fromkeys((*known, *((chosen,) if chosen else ()))))
        if values:
            found.append(_select(t, name, action, [elements.option(one_line(one), one) for one in values], chosen))
    return found


def _select(t: Translator, name: str, action: PoolId, options: Sequence[Option], chosen: str | None) -> Element:
    everything = t(f"pool.{name}_all")
    shown = [elements.option(everything, ALL), *options]
    return elements.menu(action, everything, shown, chosen=(chosen or ALL)[: elements.OPTION_VALUE])


def _foot(t: Translator, page: PoolPage) -> list[Block]:
    if not page.rows:
        return []
    number, size = page.asked.page, len(page.rows)
    first = page.total - size + 1 if number == page.pages - 1 else number * size + 1
    counted = t("pool.shown", first=first, last=first + size - 1, total=page.total)
    if page.pages == 1:
        counted = t("pool.shown_all", total=page.total)
    foot: list[Block] = [elements.divider(), elements.context(counted)]
    turns = []
    if number > 0:
        turns.append(elements.button(t("pool.back"), PoolId.BACK, number - 1))
    if number < page.pages - 1:
        turns.append(elements.button(t("pool.on"), PoolId.ON, number + 1))
    return [*foot, elements.actions(*turns, block_id="pool.turn")] if turns else foot


def home_part(t: Translator, page: PoolPage) -> list[Block]:
    """Return the pool's place on the Home: the longest waiting, and the way to all of it; nothing while it is empty."""
    if not page.rows:
        return []
    blocks: list[Block] = [
        elements.divider(),
        elements.section(
            f"*{t('pool.home.title', count=page.everything)}*",
            accessory=elements.button(t("pool.see_all"), PoolId.OPEN, "all"),
            block_id="home.pool",
        ),
    ]
    return blocks + [row(t, one) for one in page.rows[:HOME_ROWS]]


def release(t: Translator, view: OpportunityView, *, days: int, is_own: bool, metadata: dict[str, Any]) -> View:
    """Return the form that asks why an opportunity goes back to the pool.

    Args:
        t: The reader's.
        view: The opportunity.
        days: How long its owner lets others have their turn.
        is_own: Whether the reader is its owner.
        metadata: What comes back, such as the ``nudge`` whose button was pressed.
    """
    owner = escape_line(view.owner.name, _NAME) if view.owner else "–"
    told = t("pool.release_told", days=days) if is_own else t("pool.release_told_for", owner=owner)
    blocks = [
        elements.section(f"*{escape_line(view.customer, _NAME)}* – {escape_line(view.need, 200)}"),
        elements.text_input(
            "reason", t("pool.release_reason"), multiline=True, placeholder=t("pool.release_hint"), most=500
        ),
        elements.context(told),
    ]
    return elements.modal(
        PoolId.RELEASE,
        t("pool.release_title"),
        blocks,
        submit=t("card.button.release"),
        close=t("answer.cancel"),
        metadata=json.dumps({**metadata, "id": view.id}, separators=(",", ":")),
    )


def assign(
    t: Translator,
    number: int,
    head: str,
    takers: Sequence[Taker],
    *,
    may_rules: bool,
    asked: PoolFilter | None,
    typed: dict[str, Any] | None = None,
) -> View:
    """Return the form that asks to whom a pooled opportunity goes.

    Args:
        t: The manager's.
        number: The opportunity's.
        head: Its customer and need, as finished mrkdwn.
        takers: To whom it can go, in their order.
        may_rules: Whether the team's rules may choose.
        asked: The list that it was opened from, to go back to; None where there was none.
        typed: What the manager typed of the customer already; it is carried along, and the new owner reads the need.
    """
    options = [elements.option(t("pool.by_rules"), BY_RULES, t("pool.by_rules_hint"))] if may_rules else []
    options += [_taker(t, one) for one in takers]
    carried = {"list": as_metadata(asked) if asked is not None else None, "typed": typed or None}
    metadata = {"id": number, **{name: value for name, value in carried.items() if value is not None}}
    need = (typed or {}).get("need") or (typed or {}).get("note")
    if not options:
        return elements.modal(
            PoolId.ASSIGN, t("pool.assign_title"), [elements.section(t("pool.nobody_to_ask"))], close=t("answer.close")
        )
    blocks = [
        elements.section(head),
        elements.select_input("to", t("pool.assign_to"), options, placeholder=t("answer.choose")),
        elements.text_input("note", t("pool.assign_note"), value=need, multiline=True, optional=True, most=1500),
    ]
    return elements.modal(
        PoolId.ASSIGN,
        t("pool.assign_title"),
        blocks,
        submit=t("pool.assign"),
        close=t("answer.cancel"),
        metadata=json.dumps(metadata, separators=(",", ":"), ensure_ascii=False),
    )


def _taker(t: Translator, one: Taker) -> Option:
    name = one_line(one.member.name)
    told = t("pool.taker", load=one.load, capacity=one.capacity)
    if one.away_until is not None:
        told = t("pool.taker_away", until=one.away_until)
    return elements.option(
        t("pool.taker_self", name=name) if one.is_self else name, str(one.member.id), f"{told} · {one_line(one.team)}"
    )


def moved_card(t: Translator, view: OpportunityView) -> Message:
    """Return what stands where the card of an opportunity was that another team has now, or whose team has another channel."""
    customer, team = escape_line(view.customer, _NAME), escape_line(view.team_name, _NAME)
    owner = escape_line(view.owner.name, _NAME) if view.owner else t("card.pool")
    where = f"{team} <#{view.channel_id}>" if view.channel_id else team
    blocks = [elements.section(t("pool.moved_card", customer=customer, team=where, owner=owner))]
    return elements.message(t("pool.moved_fallback", customer=customer, team=team), blocks)
