"""Owns merges in Slack: ``/opp merge``, the card's menu, the type-ahead, the confirmation, and the way back."""

from collections.abc import Callable
from typing import Any

from bot.errors import InvalidInput, Text
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import customers, duplicates, merges, opportunities
from bot.views import elements, merge_forms
from bot.views.merge_forms import KNOWN, MergeId

_PAIRS = 15


def register(kit: Kit) -> None:
    """Listen for everything that makes two customers one."""
    for action in (MergeId.FIRST, MergeId.OTHER):
        kit.options(action, find_known)
    kit.view(MergeId.PICK, look)
    kit.view(MergeId.CONFIRM, merge)
    kit.action(MergeId.OPEN, open_pair)
    kit.action(MergeId.UNDO, undo)
    kit.action(MergeId.APART, tell_apart)
    kit.action(MergeId.APART_LIST, show_apart)
    kit.action(MergeId.APART_UNDO, propose_again)


def asked(call: Call) -> Reply:
    """Answer what ``/opp`` was asked about merges; None where the words are about something else."""
    answer = _ASKED.get(call.text.casefold())
    return answer(call) if answer else None


def open_empty(call: Call) -> Reply:
    """Ask which two customers are one."""
    merges.check_may(call.by)
    return Form(merge_forms.pick(call.t))


def open_from_card(call: Call, number: int) -> Reply:
    """Ask which other customer an opportunity's customer is."""
    merges.check_may(call.by)
    view = opportunities.view(call.desk, number, by=call.by, history=0)
    return Form(merge_forms.pick(call.t, (view.customer_id, view.customer)))


def show_recent(call: Call) -> Reply:
    """List the latest merges."""
    return Answer(*merge_forms.recent(call.t, merges.recent(call.desk, by=call.by)))


def show_duplicates(call: Call) -> Reply:
    """List pairs of customers that may be one; a list that stands changes in its own place."""
    found = duplicates.pairs(call.desk, by=call.by, limit=_PAIRS)
    told = duplicates.told_apart(call.desk, by=call.by, limit=1)
    return Answer(*merge_forms.duplicates(call.t, found, told), replace=call.is_ephemeral)


def tell_apart(call: Call) -> Reply:
    """Take it that the two of a pair are not one, and show what is left."""
    first, second = (int(one) for one in call.value.split(":"))
    duplicates.tell_apart(call.desk, first, second, by=call.by)
    return show_duplicates(call)


def show_apart(call: Call) -> Reply:
    """List what was told apart."""
    told = duplicates.told_apart(call.desk, by=call.by)
    return Answer(*merge_forms.apart(call.t, told), replace=call.is_ephemeral)


def propose_again(call: Call) -> Reply:
    """Take back that two are not one, and show the list of pairs, among them this one."""
    duplicates.propose_again(call.desk, call.number, by=call.by)
    return show_duplicates(call)


_ASKED: dict[str, Callable[[Call], Reply]] = {
    **dict.fromkeys(("merge", "合并"), open_empty),
    **dict.fromkeys(("merges", "合并记录"), show_recent),
    **dict.fromkeys(("duplicates", "重复", "重复客户"), show_duplicates),
}


def find_known(call: Call) -> list[dict[str, Any]]:
    """Answer the type-ahead with known customers only."""
    found = customers.search(call.desk, str(call.body.get("value") or ""), by=call.by)
    return elements.option_answer(merge_forms.options(call.t, found))


def look(call: Call) -> Reply:
    """Show both customers, and what making them one would do."""
    first, other = (_chosen(call, name) for name in ("first", "other"))
    return Form(merge_forms.confirm(call.t, merges.plan(call.desk, first, other, by=call.by)))


def _chosen(call: Call, name: str) -> int:
    number = str(call.values.get(name) or "").removeprefix(KNOWN)
    if not number.isdigit():
        raise InvalidInput({name: Text("error.required")})
    return int(number)


def open_pair(call: Call) -> Reply:
    """Show a pair of the list of possible duplicates."""
    first, other = (int(one) for one in call.value.split(":"))
    return Form(merge_forms.confirm(call.t, merges.plan(call.desk, first, other, by=call.by)))


def merge(call: Call) -> Reply:
    """Make the two one, under the name that was chosen."""
    pair = [int(one) for one in call.metadata.get("pair") or ()]
    kept = int(call.values.get("kept") or 0)
    if kept not in pair:
        raise InvalidInput({"kept": Text("error.required")})
    merged = next(one for one in pair if one != kept)
    return Form(merge_forms.merged(call.t, merges.merge(call.desk, kept, merged, by=call.by)))


def undo(call: Call) -> Reply:
    """Make two customers of one again."""
    text, blocks = merge_forms.undone(call.t, merges.undo(call.desk, call.number, by=call.by))
    return Answer(text, blocks, replace=call.is_ephemeral)
