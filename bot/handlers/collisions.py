"""Owns what a refused rep can do in Slack: see who has the customer, tell them, ask for a ruling, claim, go back."""

from dataclasses import replace
from typing import Any

from bot.errors import CustomerProtected, NotAllowed, UserError
from bot.handlers import capturing, replies, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import collisions, pool, rulings
from bot.services.brought import FACTS, Brought
from bot.services.collisions import TellForm
from bot.services.edits import EditForm
from bot.views import answers, collision_forms, fields
from bot.views.collision_forms import CollisionId

_REGISTRATION = "registration"


def register(kit: Kit) -> None:
    """Listen for the ways on from a collision."""
    kit.action(CollisionId.BACK, back)
    kit.action(CollisionId.TELL_OPEN, open_tell)
    kit.action(CollisionId.ASK_OPEN, open_ask)
    kit.action(CollisionId.CLAIM, claim, refused=tried)
    kit.view(CollisionId.TELL, tell)
    kit.view(CollisionId.ASK, ask)


def explained(call: Call, error: UserError, **origin: Any) -> Form | None:
    """Return the view that explains a collision in the place of what was refused; None for any other refusal.

    Args:
        call: The refused form or button.
        error: Why it was refused.
        origin: What the view carries along instead of the form, such as the ``list`` to go back to.
    """
    customer_id = error.params.get("customer_id")
    if not isinstance(error, CustomerProtected) or not isinstance(customer_id, int):
        return None
    found = collisions.look(call.desk, customer_id, error.params.get("opportunity_id"), by=call.by)
    if origin:
        return Form(collision_forms.explained(call.t, found, origin))
    kept = _typed(call) or {name: value for name, value in call.values.items() if value}
    if str(kept.get("customer") or "").startswith("id:"):
        kept["customer_label"] = found.customer
    return Form(collision_forms.explained(call.t, found, {**_origin(call), "typed": kept}))


def tried(call: Call, error: UserError) -> Form | None:
    """Return the view of a collision again, as it stands now, with why the way that was tried came to nothing; all typed is kept."""
    if isinstance(error, CustomerProtected):
        return explained(call, error)
    kept = call.metadata
    found = collisions.look(call.desk, int(kept["customer_id"]), kept.get("id"), by=call.by)
    if isinstance(error, NotAllowed):
        # What they may not take, a manager may still decide to be theirs.
        found = replace(found, may_claim=False, may_ask=found.asked_id is None and not found.may_assign)
    carried: dict[str, Any] = {
        name: kept[name] for name in ("way", "permalink", "typed", "cut", "list") if name in kept
    }
    return Form(collision_forms.explained(call.t, found, carried, refusal=f"🙏 {replies.sentence(call, error)}"))


def _origin(call: Call) -> dict[str, Any]:
    return {name: call.metadata[name] for name in ("way", "permalink", "cut") if name in call.metadata}


def back(call: Call) -> Reply:
    """Open the refused form again, with everything that was typed."""
    values, way = _typed(call), str(call.metadata.get("way", "command"))
    if way == _REGISTRATION:
        return Form(capturing.registration_form(call, values))
    return Form(capturing.lead_form(call, values, way=way, permalink=call.metadata.get("permalink")))


def open_tell(call: Call) -> Reply:
    """Ask what the owner should know; the need and the contact that were typed stand there."""
    return Form(collision_forms.tell(call.t, call.metadata))


def tell(call: Call) -> Reply:
    """Tell the owner, or who hears it for one who left."""
    form = TellForm.read({name: value for name, value in call.values.items() if name in TellForm.model_fields})
    number = call.metadata.get("id")
    if number is None:
        done = collisions.tell_registrant(call.desk, int(call.metadata["customer_id"]), form, by=call.by)
    else:
        done = collisions.tell_owner(call.desk, int(number), form, by=call.by)
    return Answer(collision_forms.told(call.t, done, is_kept=number is not None))


def open_ask(call: Call) -> Reply:
    """Ask why the customer should be theirs."""
    return Form(collision_forms.ask(call.t, call.metadata))


def ask(call: Call) -> Reply:
    """Ask the manager for a ruling; all that was typed is kept with the request."""
    typed_ = _typed(call)
    kept = {**typed_, "facts": _graded(call, typed_)} if typed_ else None
    known: dict[str, Any] = {"need": typed_.get("need") or typed_.get("note"), "typed": kept}
    number, plea = call.metadata.get("id"), call.values.get("plea")
    if number is None:
        customer_id = int(call.metadata["customer_id"])
        done = rulings.ask_of_registration(call.desk, customer_id, plea, by=call.by, **known)
    else:
        done = rulings.ask(call.desk, int(number), plea, by=call.by, **known)
    return Answer(collision_forms.asked(call.t, done))


def claim(call: Call) -> Reply:
    """Take the opportunity that is in the way from the pool, with everything that was typed."""
    done = pool.claim(call.desk, call.number, by=call.by, brought=brought_along(call))
    return Form(answers.result(call.t, done))


def brought_along(call: Call) -> Brought | None:
    """Return what the form that was refused brings along into what is taken from the pool; None where there was no form.

    Raises:
        InvalidInput: What to do, by field.
    """
    kept = _typed(call)
    if not kept:
        return None
    step, due_at = typed.step_and_due(call, kept)
    known = {name: kept[name] for name in FACTS if kept.get(name)}
    form = EditForm.read({**known, "facts": _graded(call, kept)})
    return Brought(form, kept.get("need") or kept.get("note"), step, due_at)


def _graded(call: Call, kept: dict[str, Any]) -> dict[str, str]:
    """Return what was answered to the grading questions of the form that was refused."""
    return fields.answers_in(kept, typed.playbook_of(call).scorecard.criteria)


def _typed(call: Call) -> dict[str, Any]:
    found = call.metadata.get("typed")
    return found if isinstance(found, dict) else {}
