"""Owns follow-ups in Slack: one line after the command, the form, the buttons of nudges, snoozing."""

from typing import Any

from bot.domain.events import ActionUndone, FollowUpLogged, NextStepSet
from bot.domain.when import FollowUpText
from bot.errors import InvalidInput, NextStepRequired, NotFound, Text
from bot.handlers import in_place, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.handlers.replies import open_on_message
from bot.services import follow_ups, opportunities
from bot.services.follow_ups import FollowUpForm
from bot.services.forms import is_too_far_ahead
from bot.services.values import OpportunityView
from bot.views import answers, fields, follow_up_forms
from bot.views import snooze as snooze_views
from bot.views.follow_up_forms import FollowUpAction
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import clip, readable
from bot.views.snooze import DATE, snooze_until
from bot.views.steps import step_words

_SAID = 3000


def register(kit: Kit) -> None:
    """Listen for everything that follows an opportunity up."""
    kit.command("/followup", follow_up)
    kit.action(Action.FOLLOW_UP_OPEN, open_form)
    kit.action(Action.NEXT_STEP_DONE, open_done)
    kit.action(FollowUpAction.EDIT, open_correction)
    kit.action(Action.SNOOZE_PICK, snooze)
    kit.shortcut(Callback.FOLLOW_UP_FROM_MESSAGE, open_from_message)
    kit.view(Callback.FOLLOW_UP_LOG, log)
    kit.view(Callback.SNOOZE, snooze_to_day)


def follow_up(call: Call) -> Reply:
    """Save one line at once where it says everything and means one opportunity; otherwise open the form, prefilled."""
    if not call.text:
        return Form(follow_up_forms.log(call.t, None, {}))
    meant = typed.leading(call, call.text)
    found = typed.split(call, meant.rest)
    if meant.line is None:
        return Form(follow_up_forms.log(call.t, None, _prefilled(call, found)))
    due = found.due_at
    if meant.is_sure and found.said and found.next_step and due and not is_too_far_ahead(due, call.desk.now()):
        form = FollowUpForm.read(
            {
                "opportunity_id": meant.line.id,
                "way": typed.way_of(found.said),
                "said": found.said,
                "next_step": found.next_step,
                "next_due_at": due,
            }
        )
        done = follow_ups.log(call.desk, form, by=call.by)
        text, _ = answers.short(call.t, done)
        return Answer(text, follow_up_forms.understood(call.t, done.opportunity, done.event_id))
    return Form(follow_up_forms.log(call.t, _view(call, meant.line.id), _prefilled(call, found)))


def _prefilled(call: Call, found: FollowUpText) -> dict[str, Any]:
    due = fields.typed_moment(call.t, found.due_at) if found.due_at else None
    way = typed.way_of(found.said) if found.said else "call"
    return {"said": found.said, "next_step": found.next_step, "next_due_at": due, "way": way}


def _view(call: Call, number: int) -> OpportunityView:
    view = opportunities.view(call.desk, number, by=call.by)
    in_place.check_may(view, "follow_up")
    return view


def open_form(call: Call) -> Reply:
    """Open the form for the opportunity whose button was pressed."""
    view = _view(call, call.number)
    return Form(follow_up_forms.log(call.t, view, {}, metadata=in_place.carried(call)))


def open_done(call: Call) -> Reply:
    """Open the form with the next step as done: what is left to say is what comes next."""
    view = _view(call, call.number)
    said = step_words(call.t, view.next_text or "")
    values = {"said": said or None, "way": typed.way_of(said)}
    return Form(follow_up_forms.log(call.t, view, values, metadata=in_place.carried(call)))


def open_from_message(call: Call) -> Reply:
    """Open the form with a message's text as what was said; in a card's thread the opportunity is known too."""
    thread = str(call.message.get("thread_ts") or call.message_ts)
    number = opportunities.by_thread(call.desk, str(call.channel_id), thread, by=call.by)
    view = _view(call, number) if number is not None else None
    said = clip(readable(str(call.message.get("text") or "")), _SAID)
    call.afterwards(lambda: open_on_message(call, follow_up_forms.log(call.t, view, {"said": said})))
    return None


def open_correction(call: Call) -> Reply:
    """Open the form with what was understood of one line, to put it right."""
    number, event_id = (int(part) for part in call.value.split(":"))
    view = _view(call, number)
    lines = opportunities.history(call.desk, number, by=call.by)
    logged = next((one.event for one in lines if one.id == event_id), None)
    if not isinstance(logged, FollowUpLogged):
        raise NotFound("error.last_action_gone")
    step = next((one.event for one in lines if one.id > event_id and isinstance(one.event, NextStepSet)), None)
    values = {
        "said": logged.said,
        "answered": logged.answered,
        "way": logged.way,
        "next_step": step.text if step else None,
        "next_due_at": fields.typed_moment(call.t, step.due_at) if step else None,
    }
    return Form(follow_up_forms.log(call.t, view, values, metadata={"instead_of": event_id}))


def log(call: Call) -> Reply:
    """Take the form."""
    values = call.values
    number = typed.opportunity_id(call)
    step, due = typed.step_and_due(call, values)
    form = FollowUpForm.read(
        {
            "opportunity_id": number,
            "way": values.get("way") or "other",
            "said": values.get("said"),
            "answered": values.get("answered"),
            "next_step": step,
            "next_due_at": due,
            "permalink": call.metadata.get("permalink"),
        }
    )
    if call.metadata.get("instead_of"):
        _take_back(call, number, int(call.metadata["instead_of"]), form)
    done = follow_ups.log(call.desk, form, by=call.by)
    in_place.settle_carried(call, number, f"✅ {answers.text_of(call.t, done.said)}")
    return Form(answers.result(call.t, done))


def _take_back(call: Call, number: int, event_id: int, form: FollowUpForm) -> None:
    """Undo the follow-up that the form corrects, unless that was done by an earlier try."""
    if form.next_step is None or form.next_due_at is None:
        raise NextStepRequired("follow_up.next_step_required")
    lines = opportunities.history(call.desk, number, by=call.by)
    if not any(isinstance(one.event, ActionUndone) and one.event.event_id == event_id for one in lines):
        # The request's key belongs to the follow-up that is logged next.
        opportunities.undo(call.desk, event_id, by=call.by.with_key(None))


def snooze(call: Call) -> Reply:
    """Keep quiet until the chosen time; for a day of one's own a form asks which."""
    number, choice = call.value.split(":", 1)
    if choice == DATE:
        return Form(snooze_views.form(call.t, _view(call, int(number)), in_place.carried(call)))
    until = snooze_until(choice, call.desk.now(), call.by.zone)
    done = follow_ups.snooze(call.desk, int(number), until, by=call.by)
    return in_place.settled(call, done, f"💤 {answers.text_of(call.t, done.said)}")


def snooze_to_day(call: Call) -> Reply:
    """Take the form: quiet until nine in the morning of that day."""
    number, day = int(call.metadata["id"]), fields.day_of(call.values.get("until"))
    if day is None:
        raise InvalidInput({"until": Text("error.required")})
    done = follow_ups.snooze(call.desk, number, snooze_views.morning_of(day, call.by.zone), by=call.by)
    in_place.settle_carried(call, number, f"💤 {answers.text_of(call.t, done.said)}")
    return Form(answers.result(call.t, done))
