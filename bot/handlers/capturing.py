"""Owns the opening of forms about a customer: what stands in the customer's field is explained before anything is typed."""

from typing import Any, NamedTuple

from bot.domain import identity
from bot.domain.identity import Verdict
from bot.handlers import typed
from bot.handlers.calls import Call
from bot.services import customers, leads, playbooks
from bot.services.values import CustomerMatch
from bot.views import lead_forms, registration_views
from bot.views.elements import View
from bot.views.fields import NEW
from bot.views.mrkdwn import one_line

KNOWN = "id:"
_NAME_MOST = 140


class Meant(NamedTuple):
    """What the value of a customer's field means: the known customer, or those that a new name may be."""

    standing: CustomerMatch | None = None
    possible: tuple[CustomerMatch, ...] = ()


def meant(call: Call, value: str) -> Meant:
    """Return what a value means, such as ``id:7`` or ``new:Acme``."""
    number = value.removeprefix(KNOWN)
    if value.startswith(KNOWN) and number.isdigit():
        return Meant(customers.standing(call.desk, int(number), by=call.by))
    name = value.removeprefix(NEW)
    if not name:
        return Meant()
    found = customers.check(call.desk, name, by=call.by)
    same = next((one for one in found if identity.compare(name, one.name).verdict is Verdict.SAME), None)
    return Meant(same) if same is not None else Meant(None, found)


def lead_form(
    call: Call, values: dict[str, Any], *, named: str = "", way: str = "command", permalink: str | None = None
) -> View:
    """Return the form of a new lead.

    Args:
        call: Whose form.
        values: What is known already.
        named: A name that was typed for the customer: the known one of that very name, else a new one.
        way: Where the lead comes from.
        permalink: The message it is made of.

    Raises:
        NotAllowed: They have no team.
    """
    team = typed.home_team(call)
    known, found = _with_customer(call, values, named)
    return lead_forms.capture(
        call.t,
        playbooks.current(call.desk, team.id, by=call.by),
        known,
        way=way,
        permalink=permalink,
        standing=found.standing,
        possible=found.possible,
        may_own=leads.may_own(call.by, team.id),
    )


def registration_form(call: Call, values: dict[str, Any], *, named: str = "") -> View:
    """Return the form of a registration; the arguments are as for ``lead_form``."""
    known, found = _with_customer(call, values, named)
    return registration_views.form(call.t, known, standing=found.standing, possible=found.possible)


def _with_customer(call: Call, values: dict[str, Any], named: str) -> tuple[dict[str, Any], Meant]:
    name = one_line(named)[:_NAME_MOST]
    if not name:
        return values, meant(call, str(values.get("customer") or ""))
    found = meant(call, NEW + name)
    one = found.standing
    field = {"customer": f"{KNOWN}{one.id}", "customer_label": one.name} if one else {"customer": NEW + name}
    return {**values, **field}, found
