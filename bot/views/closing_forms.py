"""Owns the forms that move an opportunity: advance, won, lost, reopen, and the edit of its facts."""

import json
from collections.abc import Sequence

from bot.domain.intent import CRITERION as INTENT
from bot.domain.pipeline import missing_facts
from bot.domain.playbook import Criterion, Reason, Stage
from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements, fields
from bot.views.elements import Block, View
from bot.views.fields import Values
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line, harmless_name

_WIN_BACK = "yes"


def advance(t: Translator, view: OpportunityView, values: Values) -> View:
    """Return the form that moves an opportunity; the chosen stage decides which facts are asked for."""
    target = _target(view, values.get("stage"))
    options = [elements.option(t.value(one.name), one.key) for one in _open(view.stages) if one.key != view.stage.key]
    blocks: list[Block] = [
        _head(t, view),
        elements.select_input(
            "stage",
            t("stage.field.stage"),
            options or [elements.option("–", "none")],
            chosen=target.key if target else None,
            action_id=Action.STAGE_PICK,
            dispatch=True,
            placeholder=t("answer.choose"),
        ),
    ]
    asked = missing(view, target)
    if asked:
        facts = t("stage.joint").join(t(f"stage.fact.{one}") for one in asked)
        blocks.append(elements.context(t("stage.asks", stage=harmless_name(view.stage.name), facts=facts)))
    for criterion in asked:
        blocks += _fact(t, view, criterion, values)
    return _form(t, Callback.STAGE_ADVANCE, t("stage.title"), blocks, {"id": view.id, "version": view.version})


def missing(view: OpportunityView, target: Stage | None) -> tuple[Criterion, ...]:
    """Return what must be known before the opportunity may go forward to a stage."""
    stages = _open(view.stages)
    keys = [one.key for one in stages]
    if target is None or view.stage.key not in keys:
        return ()
    at, to = keys.index(view.stage.key), keys.index(target.key)
    return missing_facts(
        [one for left in stages[at:to] for one in left.criteria],
        has_contact_way=view.contact is not None and bool(view.contact.phone or view.contact.email),
        need=view.need,
        facts=view.facts,
        amount_minor=view.amount_minor,
        expected_close_on=view.expected_close_on,
    )


def _open(stages: Sequence[Stage]) -> list[Stage]:
    return [one for one in stages if not one.kind.is_closed]


def _target(view: OpportunityView, key: str | None) -> Stage | None:
    """Return the chosen stage, or the next one."""
    stages = _open(view.stages)
    chosen = next((one for one in stages if one.key == key), None)
    if chosen is not None:
        return chosen
    at = next((index for index, one in enumerate(stages) if one.key == view.stage.key), len(stages))
    return stages[at + 1] if at + 1 < len(stages) else None


def _fact(t: Translator, view: OpportunityView, criterion: Criterion, values: Values) -> list[Block]:
    """Return the inputs for a missing fact; a contact may be reached by phone or by mail, all else is demanded."""
    value = values.get(criterion)
    match criterion:
        case Criterion.CONTACT_WAY:
            return fields.contact(t, {"contact_name": view.contact.name if view.contact else None, **values})
        case Criterion.BUDGET | Criterion.AUTHORITY:
            asked = fields.scored(t, view.criteria, criterion, value, optional=False)
            return asked or [elements.text_input(criterion, t(f"stage.field.{criterion}"), value=value, most=100)]
        case Criterion.MEETING:
            options = [elements.option(t(f"follow_up.way.{way}"), way) for way in ("meeting", "visit")]
            label = t("stage.field.meeting")
            return [elements.select_input("meeting", label, options, chosen=value, placeholder=t("answer.choose"))]
        case Criterion.QUOTE:
            return _quote(t, view, values)
        case _:
            return [_plain_fact(t, criterion, values)]


def _quote(t: Translator, view: OpportunityView, values: Values) -> list[Block]:
    quote = values.get("quote_amount") or view.facts.get("quote_amount")
    until = fields.day_of(values.get("quote_valid_until") or view.facts.get("quote_valid_until"))
    return [
        fields.amount(t, quote, optional=False, name="quote_amount"),
        elements.date_input("quote_valid_until", t("stage.field.quote_valid_until"), value=until),
    ]


def _plain_fact(t: Translator, criterion: Criterion, values: Values) -> Block:
    if criterion is Criterion.AMOUNT:
        return fields.amount(t, values.get("amount"), optional=False)
    if criterion is Criterion.EXPECTED_CLOSE:
        day = fields.day_of(values.get("expected_close_on"))
        return elements.date_input("expected_close_on", t("lead.field.expected_close_on"), value=day)
    return elements.text_input("need", t("lead.field.need"), value=values.get("need"), multiline=True, most=2000)


def won(t: Translator, view: OpportunityView | None, reasons: Sequence[Reason], values: Values) -> View:
    """Return the form of a win; without an opportunity it asks for that first.

    Args:
        t: The member's.
        view: The opportunity; None for a type-ahead of one's own.
        reasons: The team's list.
        values: What is known already.
    """
    known = fields.typed_amount(view.amount_minor, view.currency) if view else None
    blocks: list[Block] = [
        fields.opportunity_pick(t, view),
        fields.reason(t, t("close.field.win_reason"), reasons, values.get("reason")),
        # Where the amount is known already, the domain does not ask for it again.
        fields.amount(t, values.get("amount") or known, optional=view is None),
        _note(t, values),
    ]
    return _form(t, Callback.OPPORTUNITY_WIN, t("close.win_title"), blocks, {"id": view.id} if view else {})


def lost(t: Translator, view: OpportunityView | None, reasons: Sequence[Reason], values: Values) -> View:
    """Return the form of a loss; the arguments are as for ``won``."""
    box = elements.option(t("close.field.win_back_box"), _WIN_BACK)
    blocks: list[Block] = [
        fields.opportunity_pick(t, view),
        fields.reason(t, t("close.field.loss_reason"), reasons, values.get("reason")),
        elements.text_input(
            "competitor", t("close.field.competitor"), value=values.get("competitor"), optional=True, most=200
        ),
        _note(t, values),
        elements.checkbox_input("win_back", t("close.field.win_back"), box, checked=bool(values.get("win_back"))),
        elements.date_input(
            "win_back_on",
            t("close.field.win_back_on"),
            value=fields.day_of(values.get("win_back_on")),
            optional=True,
            hint=t("close.field.win_back_on_hint"),
        ),
    ]
    return _form(t, Callback.OPPORTUNITY_LOSE, t("close.lose_title"), blocks, {"id": view.id} if view else {})


def _note(t: Translator, values: Values) -> Block:
    note = values.get("note")
    return elements.text_input("note", t("close.field.note"), value=note, multiline=True, optional=True, most=2000)


def reopen(t: Translator, view: OpportunityView) -> View:
    """Return the form that asks why a closed opportunity is opened again."""
    label = t("close.field.reopen_reason")
    blocks = [_head(t, view), elements.text_input("reason", label, multiline=True, most=500)]
    return _form(
        t, Callback.OPPORTUNITY_REOPEN, t("close.reopen_title"), blocks, {"id": view.id}, submit=t("card.button.reopen")
    )


def edit(t: Translator, view: OpportunityView) -> View:
    """Return the form of an opportunity's facts as they stand."""
    contact = view.contact
    known = {
        "contact_name": contact.name if contact else None,
        "contact_phone": contact.phone if contact else None,
        "contact_email": contact.email if contact else None,
    }
    blocks: list[Block] = [
        elements.context(f"*{escape_line(view.customer, 120)}*"),
        elements.text_input("need", t("lead.field.need"), value=view.need, multiline=True, most=2000),
        fields.amount(t, fields.typed_amount(view.amount_minor, view.currency)),
        elements.date_input(
            "expected_close_on", t("lead.field.expected_close_on"), value=view.expected_close_on, optional=True
        ),
        *fields.contact(t, known),
        elements.text_input(
            "contact_title",
            t("lead.field.contact_title"),
            value=contact.title if contact else None,
            optional=True,
            most=100,
        ),
    ]
    for scoring in view.criteria[: fields.QUESTIONS_MOST]:
        hint = t("lead.field.intent_hint") if scoring.key == INTENT else None
        blocks += fields.scored(t, view.criteria, scoring.key, view.facts.get(scoring.key), hint=hint)
    blocks.append(fields.website_or_code(t, {}))
    blocks += [
        elements.text_input(name, t(f"lead.field.{name}"), value=value, optional=True, most=120)
        for name, value in (("product", view.product), ("region", view.region), ("industry", view.industry))
    ]
    metadata = {"id": view.id, "version": view.version}
    return _form(t, Callback.OPPORTUNITY_EDIT, t("opp.edit_title"), blocks, metadata)


def _head(_t: Translator, view: OpportunityView) -> Block:
    return elements.section(f"*{escape_line(view.customer, 120)}* – {escape_line(view.need, 200)}")


def _form(
    t: Translator,
    callback: str,
    title: str,
    blocks: list[Block],
    metadata: dict[str, int],
    *,
    submit: str | None = None,
) -> View:
    return elements.modal(
        callback,
        title,
        blocks,
        submit=submit or t("answer.save"),
        close=t("answer.cancel"),
        metadata=json.dumps(metadata, separators=(",", ":")),
    )
