"""Owns a registration on screen: the rep's form, the manager's card, the form of a refusal, what the rep is told."""

import json
from collections.abc import Sequence
from enum import StrEnum

from bot.i18n import Translator
from bot.services.case_values import RegistrationCase
from bot.services.values import CustomerMatch
from bot.views import elements, lead_forms
from bot.views.elements import Block, Message, View
from bot.views.fields import Values
from bot.views.mrkdwn import escape_line, quote

_NAME, _NOTE, _SENTENCE = 120, 1000, 300


class RegistrationId(StrEnum):
    """action_id and callback_id of what only registrations have."""

    NEW = "registration.new"
    REGISTER = "registration.register"
    OPEN = "registration.open"
    APPROVE = "registration.approve"
    REFUSE_OPEN = "registration.refuse_open"
    REFUSE = "registration.refuse"
    CAPTURE = "registration.capture"


def form(t: Translator, values: Values, *, possible: Sequence[CustomerMatch] = ()) -> View:
    """Return the form that registers a customer.

    Args:
        t: The member's.
        values: What is known already; the customer as a type-ahead's value.
        possible: Known customers that the typed one may be.
    """
    blocks: list[Block] = [
        *lead_forms.customer_inputs(t, values, possible),
        elements.text_input(
            "note",
            t("registration.field.note"),
            value=values.get("note"),
            multiline=True,
            placeholder=t("registration.field.note_hint"),
            most=_NOTE,
        ),
        elements.context(t("registration.explained")),
    ]
    return elements.modal(
        RegistrationId.REGISTER,
        t("registration.title"),
        blocks,
        submit=t("registration.submit"),
        close=t("answer.cancel"),
        metadata=json.dumps({"way": "registration"}),
    )


def answer(t: Translator, case: RegistrationCase, judges: str) -> Message:
    """Return what a rep reads after registering: who decides, or until when it is protected."""
    if case.is_open:
        words = t("registration.asked", customer=_name(case.customer), judges=escape_line(judges, 300))
        return elements.message(words, [elements.section(words)])
    return told(t, case)


def card(t: Translator, case: RegistrationCase) -> Message:
    """Return what a manager decides by; once decided, what was decided."""
    head = t("registration.head", asker=_name(case.asker.name), team=_name(case.team), customer=_name(case.customer))
    blocks: list[Block] = [elements.section(f"{head}\n{quote(case.note, _NOTE)}")]
    if not case.is_open:
        line = decided_line(t, case)
        return elements.message(line, [*blocks, elements.section(line)])
    if case.rivals:
        rivals = t("ruling.joint").join(_name(one) for one in case.rivals)
        blocks.append(elements.section(t("registration.rivals", rivals=rivals)))
    blocks.append(elements.context(t("registration.approve_means", count=case.days)))
    blocks.append(
        elements.actions(
            elements.button(t("registration.button.approve"), RegistrationId.APPROVE, case.id, style="primary"),
            elements.button(t("registration.button.refuse"), RegistrationId.REFUSE_OPEN, case.id),
            block_id=f"registration.{case.id}",
        )
    )
    return elements.message(head, blocks)


def decided_line(t: Translator, case: RegistrationCase) -> str:
    """Return who decided what."""
    judge = _name(case.judge.name if case.judge else "–")
    if case.state == "approved":
        day = t.local(case.protected_until or case.asked_at).date()
        line = t(
            "registration.approved", judge=judge, customer=_name(case.customer), asker=_name(case.asker.name), day=day
        )
    elif case.yielded_to is not None:
        line = t(
            f"registration.yielded_{case.state}",
            judge=judge,
            customer=_name(case.customer),
            winner=_name(case.yielded_to.name),
        )
    else:
        line = t("registration.refused", judge=judge, customer=_name(case.customer))
    return line + (f"\n{quote(case.sentence, _SENTENCE)}" if case.sentence else "")


def line(t: Translator, case: RegistrationCase) -> str:
    """Return a pending registration in two lines, for a list."""
    words = t("registration.row", customer=_name(case.customer), asker=_name(case.asker.name))
    return f"{words}\n{escape_line(case.note, 120)}"


def refusal(t: Translator, case: RegistrationCase) -> View:
    """Return the form that asks why it is refused."""
    blocks: list[Block] = [
        elements.section(t("registration.row", customer=_name(case.customer), asker=_name(case.asker.name))),
        elements.text_input(
            "sentence", t("registration.field.sentence"), hint=t("ruling.field.sentence_read"), most=_SENTENCE
        ),
    ]
    return elements.modal(
        RegistrationId.REFUSE,
        t("registration.refuse_title"),
        blocks,
        submit=t("registration.button.refuse"),
        close=t("answer.cancel"),
        metadata=json.dumps({"registration": case.id}),
    )


def told(t: Translator, case: RegistrationCase) -> Message:
    """Return what the rep is told, with a way to capture once it is approved."""
    words = decided_line(t, case)
    blocks: list[Block] = [elements.section(words)]
    if case.state == "approved":
        capture = elements.button(t("ruling.button.capture"), RegistrationId.CAPTURE, case.id, style="primary")
        blocks.append(elements.actions(capture, block_id=f"registered.{case.id}"))
    return elements.message(words, blocks)


def _name(name: str) -> str:
    return escape_line(name, _NAME)
