"""Owns the form of a new lead: required first, a warning where the customer may be known already, the rest optional."""

import json
from collections.abc import Sequence

from bot.domain.playbook import Playbook
from bot.i18n import Translator
from bot.services.values import CustomerMatch
from bot.views import elements, fields
from bot.views.elements import Block, View
from bot.views.fields import NEW, Values
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line

OWN, RULES, CONFIRMED = "mine", "rules", "yes"
_NEED_SHOWN = 2000
_ABOUT_CUSTOMER = frozenset({"standing", "possible", "confirmed_new"})


def capture(
    t: Translator,
    playbook: Playbook,
    values: Values,
    *,
    way: str = "command",
    permalink: str | None = None,
    possible: Sequence[CustomerMatch] = (),
) -> View:
    """Return the form of a new lead.

    Args:
        t: The member's.
        playbook: Of the team in which they capture, for its sources.
        values: What is known already; the customer as a type-ahead's value, such as ``new:Acme`` or ``id:7``.
        way: Where the lead came from: command, message or shortcut.
        permalink: The message it was made of.
        possible: Known customers that the typed one may be; they are shown, with a box to tick that it is none of them.
    """
    blocks = customer_inputs(t, values, possible)
    need = values.get("need")
    blocks.append(
        elements.text_input(
            "need",
            t("lead.field.need"),
            value=need,
            multiline=True,
            placeholder=t("lead.field.need_hint"),
            most=_NEED_SHOWN,
        )
    )
    blocks += fields.contact(t, values)
    blocks.append(fields.amount(t, values.get("amount")))
    blocks += fields.next_step(t, values, optional=True)
    blocks += fields.source(t, playbook, values.get("source"))
    blocks += [
        elements.text_input(name, t(f"lead.field.{name}"), value=values.get(name), optional=True, most=120)
        for name in ("product", "region", "industry")
    ]
    close_on = fields.day_of(values.get("expected_close_on"))
    blocks.append(
        elements.date_input("expected_close_on", t("lead.field.expected_close_on"), value=close_on, optional=True)
    )
    choices = [elements.option(t("lead.field.owner_mine"), OWN), elements.option(t("lead.field.owner_rules"), RULES)]
    blocks.append(elements.radio_input("owner", t("lead.field.owner"), choices, chosen=values.get("owner") or OWN))
    metadata = json.dumps({"way": way, **({"permalink": permalink} if permalink else {})})
    return elements.modal(
        Callback.LEAD_CAPTURE,
        t("lead.title"),
        blocks,
        submit=t("answer.save"),
        close=t("answer.cancel"),
        metadata=metadata,
    )


def customer_inputs(t: Translator, values: Values, possible: Sequence[CustomerMatch] = ()) -> list[Block]:
    """Return the type-ahead of customers, and the warning where the typed one may be known already."""
    warning = _warning(t, possible, is_confirmed=bool(values.get("confirmed_new"))) if possible else []
    return [_customer(t, values), *warning]


def _customer(t: Translator, values: Values) -> Block:
    value = values.get("customer")
    chosen = None
    if value:
        name = values.get("customer_label") or value.removeprefix(NEW)
        chosen = elements.option(t("lead.option_new", name=name) if value.startswith(NEW) else name, value)
    return elements.pick_input(
        "customer",
        t("lead.field.customer"),
        Action.CUSTOMER_PICK,
        chosen=chosen,
        placeholder=t("lead.field.customer_hint"),
        least=1,
        dispatch=True,
    )


def with_customer(t: Translator, view: View, chosen: CustomerMatch | None, possible: Sequence[CustomerMatch]) -> View:
    """Return the form as it stands open, saying what the customer that was just chosen means; what is typed stays.

    Args:
        t: The member's.
        view: As Slack sent it with the choice.
        chosen: The known customer, or the one whose very name was typed.
        possible: Those that a new name may be.
    """
    blocks = [block for block in view["blocks"] if block.get("block_id") not in _ABOUT_CUSTOMER]
    if chosen is not None:
        about = [elements.context(words, block_id="standing")] if (words := fields.standing(t, chosen)) else []
    else:
        about = _warning(t, possible, is_confirmed=False) if possible else []
    place = next((at for at, block in enumerate(blocks, 1) if block.get("block_id") == "customer"), 0)
    shown = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    return {**{name: view[name] for name in shown}, "blocks": [*blocks[:place], *about, *blocks[place:]]}


def _warning(t: Translator, possible: Sequence[CustomerMatch], *, is_confirmed: bool) -> list[Block]:
    lines = [f"• *{escape_line(one.name, 120)}* – {escape_line(fields.customer_state(t, one))}" for one in possible[:5]]
    text = t("lead.possible_warning") + "\n" + "\n".join(lines)
    box = elements.option(t("lead.field.confirmed_new"), CONFIRMED)
    label = t("lead.field.confirm")
    return [
        elements.section(text, block_id="possible"),
        elements.checkbox_input("confirmed_new", label, box, checked=is_confirmed),
    ]
