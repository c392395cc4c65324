"""Owns the form of a new lead: required first, a warning where the customer may be known already, the rest optional."""

import json
from collections.abc import Sequence

from bot.domain.intent import CRITERION as INTENT
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
    standing: CustomerMatch | None = None,
    possible: Sequence[CustomerMatch] = (),
    may_own: bool = True,
) -> View:
    """Return the form of a new lead.

    Args:
        t: The member's.
        playbook: Of the team in which they capture, for its grading questions.
        values: What is known already; the customer as a type-ahead's value, such as ``new:Acme`` or ``id:7``.
        way: Where the lead came from: command, message or shortcut.
        permalink: The message it was made of.
        standing: The known customer that stands in the field; who has it is said below.
        possible: Known customers that the typed one may be; they are shown, with a box to tick that it is none of them.
        may_own: Whether it can be theirs; otherwise the rules choose.
    """
    blocks = customer_inputs(t, values, standing, possible)
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
    blocks += _graded_by(t, playbook, values)
    blocks.append(fields.website_or_code(t, values))
    blocks += [
        elements.text_input(name, t(f"lead.field.{name}"), value=values.get(name), optional=True, most=120)
        for name in ("product", "region", "industry")
    ]
    choices = [elements.option(t("lead.field.owner_rules"), RULES)]
    if may_own:
        choices.insert(0, elements.option(t("lead.field.owner_mine"), OWN))
    chosen = values.get("owner") or OWN
    blocks.append(elements.radio_input("owner", t("lead.field.owner"), choices, chosen=chosen if may_own else RULES))
    metadata = json.dumps({"way": way, **({"permalink": permalink} if permalink else {})})
    return elements.modal(
        Callback.LEAD_CAPTURE,
        t("lead.title"),
        blocks,
        submit=t("answer.save"),
        close=t("answer.cancel"),
        metadata=metadata,
    )


def _graded_by(t: Translator, playbook: Playbook, values: Values) -> list[Block]:
    """Return what the grade is made of, to be answered as far as it is known; the close date answers when they will buy."""
    criteria = playbook.scorecard.criteria
    blocks = [elements.context(t("lead.about_grade"), block_id="about_grade")] if criteria else []
    blocks += fields.source(t, criteria, values.get(fields.field_of(fields.SOURCE)))
    for one in criteria[: fields.QUESTIONS_MOST]:
        if one.key not in {fields.SOURCE, fields.TIMING}:
            hint = t("lead.field.intent_hint") if one.key == INTENT else None
            blocks += fields.scored(t, criteria, one.key, values.get(fields.field_of(one.key)), hint=hint)
    close_on = fields.day_of(values.get("expected_close_on"))
    blocks.append(
        elements.date_input("expected_close_on", t("lead.field.expected_close_on"), value=close_on, optional=True)
    )
    return blocks


def customer_inputs(
    t: Translator, values: Values, standing: CustomerMatch | None = None, possible: Sequence[CustomerMatch] = ()
) -> list[Block]:
    """Return the type-ahead of customers with what its choice means, as for ``with_customer``."""
    return [_customer(t, values), *_about(t, standing, possible, is_confirmed=bool(values.get("confirmed_new")))]


def _about(
    t: Translator, chosen: CustomerMatch | None, possible: Sequence[CustomerMatch], *, is_confirmed: bool = False
) -> list[Block]:
    words = fields.standing(t, chosen) if chosen is not None else ""
    if words:
        return [elements.context(words, block_id="standing")]
    return _warning(t, possible, is_confirmed=is_confirmed) if possible else []


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
    about = _about(t, chosen, possible)
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
