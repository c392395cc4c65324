"""Owns a registration on screen: the rep's form, the manager's card, the list, the forms of a sentence, what the rep is told."""

import json
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from bot.i18n import Translator
from bot.services.case_values import RegistrationCase, RegistrationLine, RegistrationPage
from bot.services.values import CustomerMatch
from bot.views import elements, fields, lead_forms
from bot.views.elements import Block, Element, Message, View
from bot.views.fields import Values
from bot.views.mrkdwn import escape_line, quote

_NAME, _NOTE, _SENTENCE = 120, 1000, 300
LIST_BLOCK = "registrations."
"""Begins the block_id of the buttons of one row of the list; the page and the registration's number follow."""


class RegistrationId(StrEnum):
    """action_id and callback_id of what only registrations have."""

    NEW = "registration.new"
    REGISTER = "registration.register"
    OPEN = "registration.open"
    APPROVE = "registration.approve"
    REFUSE_OPEN = "registration.refuse_open"
    REFUSE = "registration.refuse"
    CAPTURE = "registration.capture"
    WITHDRAW = "registration.withdraw"
    RENEW = "registration.renew"
    REVOKE_OPEN = "registration.revoke_open"
    REVOKE = "registration.revoke"
    BACK = "registration.back"
    ON = "registration.on"


def form(
    t: Translator,
    values: Values,
    *,
    standing: CustomerMatch | None = None,
    possible: Sequence[CustomerMatch] = (),
) -> View:
    """Return the form that registers a customer.

    Args:
        t: The member's.
        values: What is known already; the customer as a type-ahead's value.
        standing: The known customer that stands in the field.
        possible: Known customers that the typed one may be.
    """
    blocks: list[Block] = [
        *lead_forms.customer_inputs(t, values, standing, possible),
        elements.text_input(
            "note",
            t("registration.field.note"),
            value=values.get("note"),
            multiline=True,
            placeholder=t("registration.field.note_hint"),
            most=_NOTE,
        ),
        fields.website_or_code(t, values),
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
    if case.is_renewal:
        head = t(
            "registration.renewal", asker=_name(case.asker.name), customer=_name(case.customer), day=_until(t, case)
        )
        blocks = [elements.section(f"{head}\n{quote(case.note, _NOTE)}")]
    elif case.rivals:
        rivals = t("ruling.joint").join(_name(one) for one in case.rivals)
        blocks.append(elements.section(t("registration.rivals", rivals=rivals)))
    means = "registration.renewal_means" if case.is_renewal else "registration.approve_means"
    blocks.append(elements.context(t(means, count=case.days)))
    blocks.append(elements.actions(*_to_decide(t, case), block_id=f"registration.{case.id}"))
    return elements.message(head, blocks)


def _to_decide(t: Translator, case: RegistrationCase) -> list[Element]:
    return [
        elements.button(t("registration.button.approve"), RegistrationId.APPROVE, case.id, style="primary"),
        elements.button(t("registration.button.refuse"), RegistrationId.REFUSE_OPEN, case.id),
    ]


def decided_line(t: Translator, case: RegistrationCase) -> str:
    """Return who decided what, or how it ended."""
    if case.cause is not None:
        return ended_line(t, case)
    judge = _name(case.judge.name if case.judge else "–")
    if case.state == "approved":
        renewer = case.renewed_by or case.judge
        line = t(
            "registration.renewed" if case.renewed_by else "registration.approved",
            judge=_name(renewer.name if renewer else "–"),
            customer=_name(case.customer),
            asker=_name(case.asker.name),
            day=_until(t, case),
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


def ended_line(t: Translator, case: RegistrationCase) -> str:
    """Return by whom and why a registration ended, other than by a ruling."""
    line = t(
        f"registration.ended_{case.cause}",
        who=_name(case.ended_by.name if case.ended_by else "–"),
        customer=_name(case.customer),
        asker=_name(case.asker.name),
        other=_name(case.yielded_to.name if case.yielded_to else "–"),
    )
    return line + (f"\n{quote(case.ended_why, _SENTENCE)}" if case.ended_why else "")


def not_renewed(t: Translator, case: RegistrationCase) -> str:
    """Return what who refused a renewal reads."""
    return t("registration.not_renewed", customer=_name(case.customer), day=_until(t, case))


def renewal_line(t: Translator, case: RegistrationCase) -> str:
    """Return what a rep reads who asked for more days: that it is asked, or was given at once."""
    if case.is_renewal:
        return t("registration.renewal_asked", customer=_name(case.customer), day=_until(t, case))
    return decided_line(t, case)


def ending(t: Translator, case: RegistrationCase, *, said: str | None = None) -> Message:
    """Return what a rep is told some days before the end, with the ways on; ``said`` is what they have just done about it."""
    words = said or t("registration.ending", customer=_name(case.customer), day=_until(t, case))
    blocks: list[Block] = [elements.section(words)]
    if case.is_renewal and said is None:
        blocks.append(elements.context(t("registration.state.renewal")))
    buttons = [_capture(t, case)] if case.is_active else []
    if case.is_active and not case.is_renewal and said is None:
        buttons.append(_renew(t, case))
    if buttons:
        blocks.append(elements.actions(*buttons, block_id=f"registration_ending.{case.id}"))
    return elements.message(words, blocks)


def listing(t: Translator, page: RegistrationPage, *, said: str | None = None) -> Message:
    """Return the list of registrations, each with its state and what the reader may do; ``said`` is what was just done."""
    head = t("registration.list") if page.lines else t("registration.none")
    blocks: list[Block] = [elements.section(said)] if said else []
    blocks.append(elements.section(head))
    for one in page.lines:
        blocks.append(elements.section(_row(t, one)))
        buttons = _buttons(t, one)
        if buttons:
            blocks.append(elements.actions(*buttons, block_id=f"{LIST_BLOCK}{page.page}.{one.case.id}"))
    return elements.message(said or head, [*blocks, *_foot(t, page)])


def _foot(t: Translator, page: RegistrationPage) -> list[Block]:
    """Return which of how many are shown, and the buttons that turn the page; nothing where one page holds all."""
    if page.pages == 1:
        return []
    last = page.first + len(page.lines) - 1
    turns: list[Element] = []
    if page.page > 0:
        turns.append(elements.button(t("pool.back"), RegistrationId.BACK, page.page - 1))
    if page.page < page.pages - 1:
        turns.append(elements.button(t("pool.on"), RegistrationId.ON, page.page + 1))
    counted = t("registration.shown", first=page.first, last=last, total=page.total)
    return [elements.context(counted), elements.actions(*turns, block_id="registration.turn")]


def _row(t: Translator, one: RegistrationLine) -> str:
    case = one.case
    name = f"*{_name(case.customer)}*"
    head = name if one.is_own else t("registration.of", customer=_name(case.customer), asker=_name(case.asker.name))
    return f"{head}\n{_state(t, case)}"


def _state(t: Translator, case: RegistrationCase) -> str:
    """Return in what state it is, in one line."""
    if case.state != "approved":
        return t("registration.state.pending") if case.state == "pending" else decided_line(t, case)
    if case.is_renewal:
        return f"{t('registration.state.active', day=_until(t, case))} · {t('registration.state.renewal')}"
    if case.is_active:
        return t("registration.state.active", day=_until(t, case))
    return t(f"registration.state.{case.over}", day=_until(t, case), asker=_name(case.asker.name))


def _buttons(t: Translator, one: RegistrationLine) -> list[Element]:
    case = one.case
    if one.may_decide:
        revoke = elements.button(t("registration.button.revoke"), RegistrationId.REVOKE_OPEN, case.id)
        return [*(_to_decide(t, case) if case.is_open else []), *([revoke] if case.is_active else [])]
    if not one.is_own or not (case.is_active or case.state == "pending"):
        return []
    sure = elements.confirm(
        t("registration.withdraw_title"),
        t("registration.withdraw_means"),
        t("registration.button.withdraw"),
        t("answer.cancel"),
    )
    withdraw = elements.button(t("registration.button.withdraw"), RegistrationId.WITHDRAW, case.id, confirm=sure)
    renew = [_renew(t, case)] if case.is_active and not case.is_renewal else []
    return [*([_capture(t, case)] if case.is_active else []), *renew, withdraw]


def _capture(t: Translator, case: RegistrationCase) -> Element:
    return elements.button(t("ruling.button.capture"), RegistrationId.CAPTURE, case.id, style="primary")


def _renew(t: Translator, case: RegistrationCase) -> Element:
    return elements.button(t("registration.button.renew"), RegistrationId.RENEW, case.id)


def line(t: Translator, case: RegistrationCase) -> str:
    """Return a registration or renewal that waits, in two lines, for a list."""
    key = "registration.renewal_row" if case.is_renewal else "registration.row"
    words = t(key, customer=_name(case.customer), asker=_name(case.asker.name))
    return f"{words}\n{escape_line(case.note, 120)}"


def _sentence(t: Translator) -> Block:
    return elements.text_input(
        "sentence", t("registration.field.sentence"), hint=t("ruling.field.sentence_read"), most=_SENTENCE
    )


def refusal(t: Translator, case: RegistrationCase) -> View:
    """Return the form that asks why it is refused."""
    blocks: list[Block] = [
        elements.section(line(t, case)),
        _sentence(t),
    ]
    return elements.modal(
        RegistrationId.REFUSE,
        t("registration.refuse_title"),
        blocks,
        submit=t("registration.button.refuse"),
        close=t("answer.cancel"),
        metadata=json.dumps({"registration": case.id, "renewal": case.is_renewal}),
    )


def revocation(t: Translator, case: RegistrationCase) -> View:
    """Return the form that asks why an approved registration shall end."""
    means = t("registration.revoke_means", customer=_name(case.customer), asker=_name(case.asker.name))
    blocks: list[Block] = [
        elements.section(means),
        _sentence(t),
    ]
    return elements.modal(
        RegistrationId.REVOKE,
        t("registration.revoke_title"),
        blocks,
        submit=t("registration.button.revoke"),
        close=t("answer.cancel"),
        metadata=json.dumps({"registration": case.id}),
    )


def told(t: Translator, case: RegistrationCase) -> Message:
    """Return what the rep is told, with a way to capture once it is approved, and where it ran out undecided."""
    words = decided_line(t, case)
    blocks: list[Block] = [elements.section(words)]
    if case.state == "approved" or case.cause == "expired":
        blocks.append(elements.actions(_capture(t, case), block_id=f"registered.{case.id}"))
    return elements.message(words, blocks)


def _until(t: Translator, case: RegistrationCase) -> date:
    return t.local(case.protected_until or case.asked_at).date()


def _name(name: str) -> str:
    return escape_line(name, _NAME)
