"""Owns the way through the stages in Slack: advance, won, lost, and what it taught."""

from collections.abc import Callable
from typing import Any

from bot.domain.playbook import Reason
from bot.handlers import in_place, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.services import opportunities, reviews, stages
from bot.services.edits import EditForm
from bot.services.stages import LossForm, WinForm
from bot.services.values import Done, OpportunityView
from bot.views import answers, closing_forms, review_forms
from bot.views.elements import View
from bot.views.ids import Action, Callback
from bot.views.review_forms import ReviewId

_FACTS = ("budget", "authority", "meeting", "quote_amount", "quote_valid_until")

_Render = Callable[..., View]


def register(kit: Kit) -> None:
    """Listen for everything that moves an opportunity."""
    kit.command("/won", open_won_by_words)
    kit.command("/lost", open_lost_by_words)
    kit.action(Action.WIN_OPEN, open_won)
    kit.action(Action.LOSE_OPEN, open_lost)
    kit.action(Action.STAGE_OPEN, open_advance)
    kit.action(Action.STAGE_PICK, pick_stage)
    kit.view(Callback.STAGE_ADVANCE, advance)
    kit.view(Callback.OPPORTUNITY_WIN, win)
    kit.view(Callback.OPPORTUNITY_LOSE, lose)
    kit.action(ReviewId.OPEN, open_review)
    kit.view(ReviewId.WRITE, write_review)


def open_won_by_words(call: Call) -> Reply:
    """Open the form of a win; the words after the command find the opportunity, and the rest is the note."""
    return _by_words(call, "won", closing_forms.won)


def open_lost_by_words(call: Call) -> Reply:
    """Open the form of a loss; the words after the command find the opportunity, and the rest is the note."""
    return _by_words(call, "lost", closing_forms.lost)


def _by_words(call: Call, what: str, render: _Render) -> Reply:
    meant = typed.leading(call, call.text)
    view = _view(call, meant.line.id, what) if meant.line is not None else None
    return Form(render(call.t, view, _reasons(call, what, view), {"note": meant.rest or None}))


def open_won(call: Call) -> Reply:
    """Open the form of a win for the opportunity whose button was pressed."""
    view = _view(call, call.number, "won")
    return Form(closing_forms.won(call.t, view, view.win_reasons, {}))


def open_lost(call: Call) -> Reply:
    """Open the form of a loss for the opportunity whose button was pressed."""
    view = _view(call, call.number, "lost")
    return Form(closing_forms.lost(call.t, view, view.loss_reasons, {}))


def _reasons(call: Call, what: str, view: OpportunityView | None) -> tuple[Reason, ...]:
    if view is not None:
        return view.win_reasons if what == "won" else view.loss_reasons
    playbook = typed.playbook_of(call)
    found = playbook.win_reasons if what == "won" else playbook.loss_reasons
    return tuple(one for one in found if not one.imports_only)


def _view(call: Call, number: int, what: str) -> OpportunityView:
    view = opportunities.view(call.desk, number, by=call.by)
    in_place.check_may(view, what)
    return view


def open_advance(call: Call) -> Reply:
    """Open the form that moves an opportunity, with the next stage chosen."""
    view = _view(call, call.number, "advance")
    return Form(closing_forms.advance(call.t, view, {}))


def pick_stage(call: Call) -> Reply:
    """Ask for the facts that another chosen stage wants; what was typed stays."""
    view = _view(call, typed.opportunity_id(call), "advance")
    values: dict[str, Any] = {**call.values, "stage": call.value}
    return Form(closing_forms.advance(call.t, view, values))


def advance(call: Call) -> Reply:
    """Move the opportunity, with the facts typed in the same form."""
    values = call.values
    facts = {name: str(values[name]) for name in _FACTS if values.get(name)}
    form = EditForm.read({**values, "facts": facts})
    done = stages.advance(call.desk, typed.opportunity_id(call), str(values.get("stage") or ""), by=call.by, edit=form)
    return Form(answers.result(call.t, done))


def win(call: Call) -> Reply:
    """Close as won."""
    values = {**call.values, "opportunity_id": typed.opportunity_id(call)}
    return _closed(call, stages.win(call.desk, WinForm.read(values), by=call.by))


def lose(call: Call) -> Reply:
    """Close as lost."""
    values = {
        **call.values,
        "opportunity_id": typed.opportunity_id(call),
        "win_back": bool(call.values.get("win_back")),
    }
    return _closed(call, stages.lose(call.desk, LossForm.read(values), by=call.by))


def _closed(call: Call, done: Done) -> Reply:
    return Form(answers.result(call.t, done))


def open_review(call: Call) -> Reply:
    """Ask what a closed opportunity taught."""
    return Form(review_forms.write(call.t, _view(call, call.number, "review")))


def write_review(call: Call) -> Reply:
    """Keep what it taught."""
    lesson = str(call.values.get("lesson") or "")
    return _closed(call, reviews.write(call.desk, typed.opportunity_id(call), lesson, by=call.by))
