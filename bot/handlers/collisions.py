"""Owns what a refused rep can do in Slack: see who has the customer, tell them, ask for a ruling, claim, go back."""

from typing import Any

from bot.errors import CustomerProtected, UserError
from bot.handlers import typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import collisions, opportunities, pool, rulings
from bot.services.collisions import TellForm
from bot.views import answers, collision_forms, lead_forms, registration_views
from bot.views.collision_forms import CollisionId

_REGISTRATION = "registration"


def register(kit: Kit) -> None:
    """Listen for the ways on from a collision."""
    kit.action(CollisionId.BACK, back)
    kit.action(CollisionId.TELL_OPEN, open_tell)
    kit.action(CollisionId.ASK_OPEN, open_ask)
    kit.action(CollisionId.CLAIM, claim, refused=explained)
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


def _origin(call: Call) -> dict[str, Any]:
    return {name: call.metadata[name] for name in ("way", "permalink") if name in call.metadata}


def back(call: Call) -> Reply:
    """Open the refused form again, with everything that was typed."""
    values, way = _typed(call), str(call.metadata.get("way", "command"))
    if way == _REGISTRATION:
        return Form(registration_views.form(call.t, values))
    permalink = call.metadata.get("permalink")
    return Form(lead_forms.capture(call.t, typed.playbook_of(call), values, way=way, permalink=permalink))


def open_tell(call: Call) -> Reply:
    """Ask what the owner should know; the need and the contact that were typed stand there."""
    return Form(collision_forms.tell(call.t, call.metadata))


def tell(call: Call) -> Reply:
    """Tell the owner."""
    form = TellForm.read({name: value for name, value in call.values.items() if name in TellForm.model_fields})
    number = call.metadata.get("id")
    if number is None:
        owner = collisions.tell_registrant(call.desk, int(call.metadata["customer_id"]), form, by=call.by)
    else:
        owner = collisions.tell_owner(call.desk, int(number), form, by=call.by)
    return Answer(collision_forms.told(call.t, owner, is_kept=number is not None))


def open_ask(call: Call) -> Reply:
    """Ask why the customer should be theirs."""
    return Form(collision_forms.ask(call.t, call.metadata))


def ask(call: Call) -> Reply:
    """Ask the manager for a ruling."""
    need = _typed(call).get("need")
    number, plea = call.metadata.get("id"), call.values.get("plea")
    if number is None:
        customer_id = int(call.metadata["customer_id"])
        done = rulings.ask_of_registration(call.desk, customer_id, plea, by=call.by, need=need)
    else:
        done = rulings.ask(call.desk, int(number), plea, by=call.by, need=need)
    return Answer(collision_forms.asked(call.t, done))


def claim(call: Call) -> Reply:
    """Take the opportunity that is in the way from the pool; the need that was typed joins its history."""
    done = pool.claim(call.desk, call.number, by=call.by)
    need = _typed(call).get("need")
    if need:
        opportunities.note(call.desk, call.number, str(need), by=call.by.with_key(None))
    return Form(answers.result(call.t, done))


def _typed(call: Call) -> dict[str, Any]:
    found = call.metadata.get("typed")
    return found if isinstance(found, dict) else {}
