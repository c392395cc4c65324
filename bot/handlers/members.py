"""Owns the list of members and the form of one, for managers and admins."""

from collections.abc import Sequence
from typing import Any

from bot.errors import StaleRecord, UserError
from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.services import imported_members, members, roster
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
    return Form(member_forms.saved(call.t, roster.update(call.desk, _typed(call), by=call.by)))


def _typed(call: Call) -> MemberForm:
    values = {**call.values, "member_id": call.metadata.get("member_id")}
    if "team_id" in values:
        values["team_id"], values["asks_team"] = member_forms.chosen_team(values["team_id"]), True
    return MemberForm.read({**values, "shown": call.metadata.get("shown")})


def ask_again(call: Call, error: UserError) -> Form | None:
    """Show what somebody else changed meanwhile, with what was typed still in its place; saved again, it holds."""
    if not isinstance(error, StaleRecord):
        return None
    typed = _typed(call)
    return Form(member_forms.form(call.t, roster.details(call.desk, typed.member_id, by=call.by), typed=typed))


def open_tie(call: Call) -> Reply:
    """Ask who in Slack an imported member is."""
    return Form(member_forms.tie(call.t, imported_members.who(call.desk, call.number, by=call.by)))


def tie(call: Call) -> Reply:
    """Make the two one; of one who was not known here yet, the profile is read then."""
    number, user = int(call.metadata["member_id"]), call.values.get("slack_user")
    tied = imported_members.tie(call.desk, number, user, by=call.by)
    call.afterwards(lambda: _read_profile(call, str(tied.slack_user_id)))
    return Form(member_forms.saved(call.t, roster.details(call.desk, tied.id, by=call.by)))


def _read_profile(call: Call, slack_user_id: str) -> None:
    members.refresh(call.desk, call.by.workspace_id, call.gateway.user_profile(slack_user_id))


def register(kit: Kit) -> None:
    """Take the buttons, the type-ahead and the form."""
    kit.action(Action.MEMBERS_OPEN, open_list)
    kit.action(f"{Action.MEMBERS_OPEN}.next", open_list)
    kit.action(Action.MEMBER_OPEN, open_one)
    kit.action(Action.MEMBER_PICK, open_one)
    kit.options(Action.MEMBER_PICK, found)
    kit.action(Action.MEMBER_TIE_OPEN, open_tie)
    kit.view(Callback.MEMBER_TIE, tie)
    kit.view(Callback.MEMBER_EDIT, save, refused=ask_again)
