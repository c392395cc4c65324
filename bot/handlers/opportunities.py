"""Owns finding and correcting in Slack: the card, lists, history, edit, reopen, undo, threads under cards."""

import re
from collections.abc import Callable
from typing import Any

from bot.handlers import in_place, merges, pool, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import members, opportunities
from bot.services.desk import system_actor
from bot.services.edits import EditForm
from bot.services.pool_list import PoolFilter
from bot.services.values import OpportunityLine, OpportunityView
from bot.views import answers, cards, closing_forms, elements, fields, history, lists
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line, readable

_MENTION = re.compile(r"^<@([A-Z0-9]+)(?:\|[^>]*)?>$")
_POOL = re.compile(r"(?:pool\b|公海)\s*(?P<words>.*)", re.IGNORECASE)
_COLLISIONS = frozenset({"collisions", "collision", "撞单"})
_LISTS: dict[str, tuple[str, Callable[..., tuple[OpportunityLine, ...]]]] = {
    **dict.fromkeys(("mine", "my", "我的"), ("opp.list_mine", opportunities.mine)),
    **dict.fromkeys(("overdue", "late", "逾期", "超期"), ("opp.list_overdue", opportunities.overdue)),
    **dict.fromkeys(("closing", "即将成交", "预计成交"), ("opp.list_closing", opportunities.closing)),
}


def register(kit: Kit) -> None:
    """Listen for everything that looks an opportunity up or corrects it."""
    kit.command("/opp", find)
    kit.options(Action.OPPORTUNITY_PICK, find_options)
    kit.action(Action.CARD_OPEN, open_card)
    kit.action(Action.CARD_MENU, from_menu)
    kit.action(Action.HISTORY_OPEN, open_history)
    kit.action(Action.HISTORY_MORE, open_history)
    kit.action(Action.EDIT_OPEN, open_edit)
    kit.action(Action.REOPEN_OPEN, open_reopen)
    kit.action(Action.UNDO, undo)
    kit.view(Callback.OPPORTUNITY_EDIT, edit)
    kit.view(Callback.OPPORTUNITY_REOPEN, reopen)
    kit.event("message", note_thread)


def find(call: Call) -> Reply:
    """Answer ``/opp``: a list by name or member, one card, several lines, or what to try instead."""
    words = call.text
    named = _LISTS.get(words.casefold() or "mine")
    if named is not None:
        title, read = named
        return _list(call, call.t(title), read(call.desk, by=call.by))
    if words.casefold() in _COLLISIONS:
        return _collisions(call)
    in_pool = _POOL.fullmatch(words)
    if in_pool is not None:
        return pool.shown(call, PoolFilter(words=in_pool["words"] or None))
    return merges.asked(call) or _search(call, words)


def _search(call: Call, words: str) -> Reply:
    t = call.t
    mentioned = _MENTION.match(call.mentioning)
    if mentioned:
        who = members.by_slack_id(call.desk, mentioned[1], by=call.by)
        found = opportunities.of_member(call.desk, mentioned[1], by=call.by)
        return _list(call, t("opp.list_member", member=escape_line(who.name, 80)), found)
    found = opportunities.find(call.desk, words, by=call.by) or opportunities.find(
        call.desk, words, by=call.by, scope="all"
    )
    if not found:
        return Answer(t("opp.none", words=escape_line(words, 100)))
    if len(found) == 1:
        return in_place.card(call, found[0].id)
    return _list(call, t("opp.list_found", words=escape_line(words, 100)), found)


def _list(call: Call, title: str, found: tuple[OpportunityLine, ...], *, notes: dict[int, str] | None = None) -> Answer:
    if not found:
        return Answer(call.t("opp.list_empty", title=title))
    return Answer(*lists.opportunities(call.t, title, found, reader_id=call.by.member_id, notes=notes))


def _collisions(call: Call) -> Reply:
    """Return what is marked as colliding, each with whom and since when; its card is the way on."""
    t, found = call.t, opportunities.colliding(call.desk, by=call.by)
    notes = {one.id: cards.collision_line(t, mark) for one, mark in found if mark is not None}
    return _list(call, t("opp.list_collisions"), tuple(one for one, _ in found), notes=notes)


def find_options(call: Call) -> list[dict[str, Any]]:
    """Answer the type-ahead of one's own open opportunities; managers find their teams'."""
    found = opportunities.options(call.desk, str(call.body.get("value") or ""), by=call.by)
    return elements.option_answer(fields.opportunity_options(call.t, found))


def open_card(call: Call) -> Reply:
    """Show the card whose button was pressed."""
    return in_place.card(call, call.number)


def from_menu(call: Call) -> Reply:
    """Do what was chosen behind the card's three dots."""
    what, rest = call.value.split(":", 1)
    number = int(rest.split(":", 1)[0])
    if what == "edit":
        return _edit_form(call, number)
    if what == "reopen":
        return _reopen_form(call, number)
    if what == "release":
        return pool.release_form(call, number)
    if what == "merge":
        return merges.open_from_card(call, number)
    if what == "undo":
        return _undo(call, int(rest.split(":", 1)[1]))
    return _history(call, number, None)


def open_history(call: Call) -> Reply:
    """Show the latest page of the history, or the page before an event."""
    before = call.value.partition(":")[2]
    return _history(call, call.number, int(before) if before else None)


def _history(call: Call, number: int, before_id: int | None) -> Reply:
    most = history.PAGE + 1
    view, found = opportunities.history_page(call.desk, number, by=call.by, before_id=before_id, limit=most)
    shown = found[: history.PAGE]
    return Form(history.modal(call.t, view, shown, has_more=len(found) > history.PAGE, is_first=before_id is None))


def open_edit(call: Call) -> Reply:
    """Open the form of an opportunity's facts."""
    return _edit_form(call, call.number)


def _edit_form(call: Call, number: int) -> Reply:
    view = _view(call, number, "edit")
    return Form(closing_forms.edit(call.t, view))


def edit(call: Call) -> Reply:
    """Take the changed facts."""
    values, number = call.values, typed.opportunity_id(call)
    # The questions that the form asked: those of the playbook which the opportunity is under.
    criteria = opportunities.view(call.desk, number, by=call.by, history=0).criteria
    form = EditForm.read({**values, "facts": fields.answers_in(values, criteria)})
    version = call.metadata.get("version")
    done = opportunities.edit(call.desk, number, form, by=call.by, version=version)
    return Form(answers.result(call.t, done))


def open_reopen(call: Call) -> Reply:
    """Ask why a closed opportunity is opened again."""
    return _reopen_form(call, call.number)


def _reopen_form(call: Call, number: int) -> Reply:
    return Form(closing_forms.reopen(call.t, _view(call, number, "reopen")))


def reopen(call: Call) -> Reply:
    """Open a closed opportunity again."""
    reason = call.values.get("reason")
    done = opportunities.reopen(call.desk, typed.opportunity_id(call), reason, by=call.by)
    return Form(answers.result(call.t, done))


def _view(call: Call, number: int, what: str) -> OpportunityView:
    view = opportunities.view(call.desk, number, by=call.by)
    in_place.check_may(view, what)
    return view


def undo(call: Call) -> Reply:
    """Take back one's own last action."""
    return _undo(call, int(call.value.partition(":")[2]))


def _undo(call: Call, event_id: int) -> Reply:
    text, blocks = answers.undone(call.t, opportunities.undo(call.desk, event_id, by=call.by))
    return Answer(text, blocks, replace=call.is_ephemeral)


def note_thread(call: Call) -> Reply:
    """Keep what people write under a card, and the files they put there, in the opportunity's history."""
    event = call.event
    thread, channel = event.get("thread_ts"), event.get("channel")
    if not thread or thread == event.get("ts") or event.get("bot_id") or not event.get("user"):
        return None
    if event.get("subtype") not in {None, "file_share", "thread_broadcast"}:
        return None
    # Most threads are not of cards: nobody is looked up, or remembered, for those.
    reader = members.resolve(call.desk, call.team_id, call.user_id, enterprise_id=call.enterprise_id) or system_actor(
        members.workspace_id_of(call.desk, call.team_id, enterprise_id=call.enterprise_id)
    )
    number = opportunities.by_thread(call.desk, str(channel), str(thread), by=reader)
    if number is None:
        return None
    files = [str(one.get("title") or one.get("name") or one.get("id")) for one in event.get("files") or ()]
    text = "\n".join([readable(str(event.get("text") or "")), *(f"📎 {name}" for name in files)]).strip()
    if text:
        source = "file" if files and not event.get("text") else "thread"
        opportunities.note(call.desk, number, text, by=call.by, source=source)
    return None
