"""Owns what a refused rep sees: who has the customer, and the ways on, with everything they typed kept."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from bot.i18n import Translator
from bot.services.case_values import Asked, Collision, Precedent, Told
from bot.services.values import MemberRef
from bot.views import elements
from bot.views.elements import Block, View
from bot.views.mrkdwn import clip, escape_line
from bot.views.pool_forms import PoolId

_NAME, _SENTENCE = 120, 300
_CARRIED, _TEXT = 2800, 2000


class CollisionId(StrEnum):
    """action_id and callback_id of what only collisions have."""

    SHOWN = "collision.shown"
    BACK = "collision.back"
    TELL_OPEN = "collision.tell_open"
    TELL = "collision.tell"
    ASK_OPEN = "collision.ask_open"
    ASK = "collision.ask"
    CLAIM = "collision.claim"
    WITHDRAW = "collision.withdraw"


def explained(t: Translator, one: Collision, carried: dict[str, Any], *, refusal: str | None = None) -> View:
    """Return the view that takes a refused form's place.

    Args:
        t: The member's.
        one: What stands in the way.
        carried: What comes back with the next step, with what was typed under ``typed``.
        refusal: Why the way that was tried last came to nothing, as finished mrkdwn.
    """
    blocks: list[Block] = [
        *([elements.section(refusal)] if refusal else []),
        elements.section(f"{t(f'collision.head_{one.state}', customer=_name(one.customer), owner=_owner(one.owner))}"),
        elements.section("\n".join(_facts(t, one))),
    ]
    if one.precedents:
        blocks.append(elements.context(*(precedent(t, past) for past in one.precedents)))
    buttons = [*_ways_on(t, one), *_back(t, carried)]
    packed = pack(carried, one)
    if one.asked_id is not None:
        blocks.append(elements.context(t("collision.has_asked")))
    else:
        ways = t(f"collision.ways_{_way(one, refusal)}", owner=_owner(one.owner))
        kept = t("collision.kept_cut" if json.loads(packed).get("cut") else "collision.kept")
        blocks.append(elements.section(f"{kept} {ways}" if carried.get("typed") else ways))
    if buttons:
        blocks.append(elements.actions(*buttons, block_id="collision.ways"))
    return elements.modal(CollisionId.SHOWN, t("collision.title"), blocks, close=t("answer.close"), metadata=packed)


def precedent(t: Translator, past: Precedent) -> str:
    """Return one ruling of the past as a line: when, who, what, in which words."""
    return t(
        "ruling.precedent",
        day=t.local(past.at).date(),
        judge=_name(past.judge),
        customer=_name(past.customer),
        verdict=verdict(t, past.verdict, past.owner, past.asker),
        sentence=escape_line(past.sentence, _SENTENCE),
    )


def verdict(t: Translator, what: str, owner: str | None, asker: str) -> str:
    """Return a verdict in words."""
    if what == "keep" and owner is None:
        return t("ruling.verdict.keep_pool")
    return t(f"ruling.verdict.{what}", owner=_name(owner or t("card.pool")), asker=_name(asker))


def _facts(t: Translator, one: Collision) -> list[str]:
    lines = [t(f"collision.since_{one.state}", day=t.local(one.since).date())]
    if one.owner is not None and one.instead:
        lines.append(t("collision.instead", why=_absence(t, one.owner), hearers=_names(t, one.instead)))
    if one.until is not None:
        lines.append(t("collision.until", day=t.local(one.until).date()))
    if one.state != "registered":
        day = one.last_follow_up_at
        lines.append(t("collision.last", day=t.local(day).date()) if day else t("collision.never"))
    return lines


def _choice(one: Collision) -> str:
    """Return what there is to choose from: claim, assign, ask, tell, or both of the last; or only to go back."""
    if one.owner is None:
        ways = (("claim", one.may_claim), ("assign", one.may_assign), ("ask", one.may_ask))
        return next((name for name, is_open in ways if is_open), "back")
    return "both" if one.may_ask else "tell"


def _way(one: Collision, refusal: str | None) -> str:
    choice = _choice(one)
    return "plead" if choice == "ask" and (refusal or not one.is_elsewhere) else choice


def _ways_on(t: Translator, one: Collision) -> list[Any]:
    row = []
    if one.may_claim:
        row.append(elements.button(t("card.button.claim"), CollisionId.CLAIM, one.opportunity_id or 0, style="primary"))
    if one.may_assign:
        row.append(elements.button(t("pool.assign"), PoolId.ASSIGN_OPEN, one.opportunity_id or 0, style="primary"))
    if one.owner is not None:
        hearers = t("ruling.joint").join(who.name for who in one.instead or (one.owner,))
        row.append(
            elements.button(
                t("collision.button.tell", owner=clip(hearers, 40)),
                CollisionId.TELL_OPEN,
                "tell",
                style="primary",
            )
        )
    if one.may_ask:
        row.append(elements.button(t("collision.button.ask"), CollisionId.ASK_OPEN, "ask"))
    if one.asked_id is not None:
        row.append(elements.button(t("ruling.button.withdraw"), CollisionId.WITHDRAW, one.asked_id))
    return row


def _back(t: Translator, carried: dict[str, Any]) -> list[Any]:
    """Return the way back to where they come from: the form that was refused, or the list of the pool."""
    if "list" in carried:
        return [elements.button(t("collision.button.back_to_pool"), PoolId.AGAIN, "back")]
    return [elements.button(t("collision.button.back"), CollisionId.BACK, "back")] if "way" in carried else []


def tell(t: Translator, metadata: dict[str, Any]) -> View:
    """Return the form in which a refused rep tells the owner what they know; what they typed stands in it."""
    typed: dict[str, Any] = metadata.get("typed") or {}
    blocks: list[Block] = [
        elements.text_input(
            "text",
            t("collision.field.text"),
            value=typed.get("need") or typed.get("note"),
            multiline=True,
            placeholder=t("collision.field.text_hint"),
            most=_TEXT,
        ),
        *(
            elements.text_input(name, t(f"lead.field.{name}"), value=typed.get(name), optional=True, most=most)
            for name, most in (("contact_name", 100), ("contact_phone", 40), ("contact_email", 200))
        ),
    ]
    return _form(t, CollisionId.TELL, t("collision.tell_title"), blocks, t("collision.send"), metadata)


def ask(t: Translator, metadata: dict[str, Any]) -> View:
    """Return the form in which a refused rep asks for a ruling."""
    blocks: list[Block] = [
        elements.section(t("collision.ask_explained", customer=_name(str(metadata.get("name") or "–")))),
        elements.text_input(
            "plea", t("collision.field.plea"), multiline=True, placeholder=t("collision.field.plea_hint"), most=1000
        ),
    ]
    return _form(t, CollisionId.ASK, t("collision.ask_title"), blocks, t("collision.button.ask"), metadata)


def _form(t: Translator, callback: str, title: str, blocks: list[Block], submit: str, metadata: dict[str, Any]) -> View:
    packed = _packed(metadata)
    return elements.modal(callback, title, blocks, submit=submit, close=t("answer.cancel"), metadata=packed)


def told(t: Translator, done: Told, *, is_kept: bool) -> str:
    """Return what a rep reads after telling the owner; ``is_kept`` where there is a history to keep it in."""
    if done.instead:
        return t("collision.told_instead", why=_absence(t, done.owner), hearers=_names(t, done.instead))
    return t("collision.told" if is_kept else "collision.told_registrant", owner=_name(done.owner.name))


def asked(t: Translator, done: Asked) -> str:
    """Return what a rep reads after asking for a ruling."""
    return t("collision.asked", judges=_names(t, done.judges), customer=_name(done.customer))


def pack(carried: dict[str, Any], one: Collision) -> str:
    """Return what a modal carries along: what collided, and what was typed."""
    known = {"customer_id": one.customer_id, "id": one.opportunity_id, "name": clip(one.customer, 80)}
    return _packed({**carried, **known})


def _packed(values: dict[str, Any]) -> str:
    """Return values as JSON that fits a modal's metadata; the longest text is cut where it does not, rather than refused.

    That something was is told under ``cut``, so that the member reads it.
    """
    packed = _json(values)
    while len(packed) > _CARRIED:
        typed = values.get("typed") or {}
        name = max((one for one in typed if isinstance(typed[one], str)), key=lambda one: len(typed[one]), default=None)
        if name is None or len(typed[name]) <= 1:
            break
        # Quotes and line breaks take two characters each.
        each = (len(_json(typed[name])) - 2) / len(typed[name])
        most = len(typed[name]) - int((len(packed) - _CARRIED) / each) - 1
        values = {**values, "cut": True, "typed": {**typed, name: clip(typed[name], max(1, most))}}
        packed = _json(values)
    return packed


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _name(name: str) -> str:
    return escape_line(name, _NAME)


def _names(t: Translator, members: Sequence[MemberRef]) -> str:
    return t("ruling.joint").join(_name(one.name) for one in members)


def _absence(t: Translator, owner: MemberRef) -> str:
    """Return why an owner hears nothing: they left, or came with an import and were not yet seen in Slack."""
    return t("collision.left" if owner.slack_user_id else "collision.unseen", owner=_name(owner.name))


def _owner(owner: MemberRef | None) -> str:
    return _name(owner.name) if owner is not None else "–"
