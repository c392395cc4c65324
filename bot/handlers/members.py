"""Owns the list of members and the form of one, for managers and admins."""

from collections.abc import Sequence
from typing import Any

from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.services import roster
from bot.services.roster import MemberForm
from bot.views import member_forms
from bot.views.ids import Action, Callback


def open_list(call: Call) -> Reply:
    """Open the list of members, or turn to the page whose button was pressed.

    Raises:
        NotAllowed: Only managers and admins change members.
    """
    page = int(call.value) if call.value.isdigit() else 0
    return Form(member_forms.listing(call.t, roster.roster(call.desk, by=call.by, page=page)))


def open_one(call: Call) -> Reply:
    """Open the form of the member whose button was pressed or who was found by typing."""
    return Form(member_forms.form(call.t, roster.details(call.desk, call.number, by=call.by)))


def found(call: Call) -> Sequence[dict[str, Any]]:
    """Answer the type-ahead of members."""
    return member_forms.options(call.t, roster.find(call.desk, str(call.body.get("value") or ""), by=call.by))


def save(call: Call) -> Reply:
    """Keep what the form says."""
    values = {**call.values, "member_id": call.metadata.get("member_id")}
    if "team_id" in values:
        values["team_id"], values["asks_team"] = member_forms.chosen_team(values["team_id"]), True
    return Form(member_forms.saved(call.t, roster.update(call.desk, MemberForm.read(values), by=call.by)))


def register(kit: Kit) -> None:
    """Take the buttons, the type-ahead and the form."""
    kit.action(Action.MEMBERS_OPEN, open_list)
    kit.action(f"{Action.MEMBERS_OPEN}.next", open_list)
    kit.action(Action.MEMBER_OPEN, open_one)
    kit.action(Action.MEMBER_PICK, open_one)
    kit.options(Action.MEMBER_PICK, found)
    kit.view(Callback.MEMBER_EDIT, save)
