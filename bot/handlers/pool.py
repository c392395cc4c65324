"""Owns the pool in Slack: the list that changes in place, claiming and assigning from it, giving back to it."""

from dataclasses import replace
from typing import Any

from bot.errors import UserError
from bot.handlers import collisions, in_place, replies, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.services import opportunities, playbooks, pool, pool_list
from bot.services.pool_list import PoolFilter
from bot.services.values import Done
from bot.views import answers, pool_forms
from bot.views.collision_forms import CollisionId
from bot.views.mrkdwn import escape_line
from bot.views.pool_forms import ALL, PoolId
from bot.views.steps import step_text

_NARROWED = {
    PoolId.SCOPE.value: "scope",
    PoolId.GRADE.value: "grade",
    PoolId.REGION.value: "region",
    PoolId.SUBJECT.value: "subject",
}


def register(kit: Kit) -> None:
    """Listen for everything that is done in the pool."""
    kit.action(PoolId.OPEN, lambda call: shown(call, PoolFilter()))
    for action in _NARROWED:
        kit.action(action, narrow)
    kit.action(PoolId.BACK, turn)
    kit.action(PoolId.ON, turn)
    kit.action(PoolId.AGAIN, again)
    kit.view(PoolId.LIST, search)
    kit.action(PoolId.CLAIM, claim, refused=shown_again)
    kit.action(PoolId.ASSIGN_OPEN, open_assign, refused=shown_again)
    kit.view(PoolId.ASSIGN, assign)
    kit.view(PoolId.RELEASE, release)


def shown(call: Call, asked: PoolFilter, *, banner: str | None = None, opens: int | None = None) -> Form:
    """Return the list as it stands now."""
    page = pool_list.listing(call.desk, asked, by=call.by)
    return Form(pool_forms.listing(call.t, page, banner=banner, opens=opens), said=banner)


def _asked(call: Call) -> PoolFilter:
    """Return the filter that the member looks at: what stands in the selects and the field counts, sent off or not.

    What the modal carries along may be a press older than what is seen.
    """
    asked = _from_metadata(call.metadata)
    state = (call.view.get("state") or {}).get("values") or {}
    chosen = {
        _NARROWED[action]: (one.get("selected_option") or {}).get("value")
        for block in state.values()
        for action, one in block.items()
        if action in _NARROWED
    }
    found: dict[str, Any] = {name: None if value == ALL else value for name, value in chosen.items()}
    if "words" in call.values:
        found["words"] = str(call.values["words"] or "").strip() or None
    return replace(asked, **found)


def _from_metadata(kept: dict[str, Any]) -> PoolFilter:
    texts = {name: kept.get(name) for name in ("scope", "grade", "region", "subject", "words")}
    return PoolFilter(**texts, page=int(kept.get("page") or 0))


def narrow(call: Call) -> Reply:
    """Show what fits a filter that was chosen."""
    name = _NARROWED[str(call.action["action_id"])]
    chosen: dict[str, Any] = {name: None if call.value == ALL else call.value}
    return shown(call, replace(_asked(call), page=0, **chosen))


def search(call: Call) -> Reply:
    """Show what has the typed words."""
    return shown(call, replace(_asked(call), page=0))


def turn(call: Call) -> Reply:
    """Show another page."""
    return shown(call, replace(_asked(call), page=call.number))


def claim(call: Call) -> Reply:
    """Claim from the list, which then shows what is left, or from the Home."""
    done = pool.claim(call.desk, call.number, by=call.by)
    if not call.is_in_modal:
        return Form(answers.result(call.t, done))
    view, t = done.opportunity, call.t
    step = step_text(t, view.next_text, 120)
    banner = t("pool.claimed", customer=escape_line(view.customer, 120), step=step)
    return shown(call, _asked(call), banner=banner, opens=view.id)


def shown_again(call: Call, error: UserError) -> Form | None:
    """Show the list as it stands now, with why the press of the button came to nothing; or who registered the customer."""
    if call.view.get("callback_id") == CollisionId.SHOWN:
        return collisions.tried(call, error)
    asked = _asked(call) if call.is_in_modal else PoolFilter()
    registered = collisions.explained(call, error, list=pool_forms.as_metadata(asked))
    return registered or shown(call, asked, banner=f"🙏 {replies.sentence(call, error)}")


def again(call: Call) -> Reply:
    """Show the list again that a view was opened from."""
    return shown(call, _from_metadata(call.metadata["list"]))


def open_assign(call: Call) -> Reply:
    """Ask a manager to whom it goes; the list is what they come back to, where it was opened from there."""
    if call.view.get("callback_id") == CollisionId.SHOWN:
        known, kept = call.metadata.get("list"), call.metadata.get("typed")
        return assign_form(call, call.number, _from_metadata(known) if known is not None else None, kept=kept)
    return assign_form(call, call.number, _asked(call) if call.is_in_modal else None)


def assign_form(
    call: Call, number: int, asked: PoolFilter | None = None, *, kept: dict[str, Any] | None = None
) -> Form:
    """Return the form that asks to whom a pooled opportunity goes; ``kept`` is what was typed of the customer already."""
    takers, may_rules = pool.takers(call.desk, number, by=call.by)
    head = pool_list.head_of(call.desk, number, by=call.by)
    words = f"*{escape_line(head[0], 120)}* – {escape_line(head[1], 200)}"
    return Form(pool_forms.assign(call.t, number, words, takers, may_rules=may_rules, asked=asked, typed=kept))


def assign(call: Call) -> Reply:
    """Assign it, with what was typed of the customer; the list is shown again where it came from there."""
    number, values, kept = typed.opportunity_id(call), call.values, call.metadata
    brought = collisions.brought_along(call)
    done = pool.assign(call.desk, number, values.get("to"), values.get("note"), by=call.by, brought=brought)
    if "list" not in kept:
        return Form(answers.result(call.t, done))
    return shown(call, _from_metadata(kept["list"]), banner=_said(call, done), opens=done.opportunity.id)


def _said(call: Call, done: Done) -> str:
    return f"✅ *{escape_line(done.opportunity.customer, 120)}* – {answers.text_of(call.t, done.said)}"


def release_form(call: Call, number: int) -> Form:
    """Return the form that asks why it goes back."""
    view = opportunities.view(call.desk, number, by=call.by)
    in_place.check_may(view, "release")
    days = playbooks.current(call.desk, view.team_id, by=call.by).pool.cooling_off_days
    is_own = view.owner is not None and view.owner.id == call.by.member_id
    return Form(pool_forms.release(call.t, view, days=days, is_own=is_own, metadata=in_place.carried(call)))


def release(call: Call) -> Reply:
    """Give an opportunity back to the pool."""
    number = typed.opportunity_id(call)
    done = pool.release(call.desk, number, call.values.get("reason"), by=call.by)
    in_place.settle_carried(call, number, f"🌊 {answers.text_of(call.t, done.said)}")
    return Form(answers.result(call.t, done))


__all__ = ["assign_form", "register", "release_form", "shown"]
