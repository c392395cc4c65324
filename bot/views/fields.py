"""Owns the inputs that several forms share: next step and time, type-aheads of customers and opportunities, choices."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.money import minor_digits
from bot.domain.playbook import Reason, Scoring
from bot.i18n import Translator
from bot.services.values import CustomerMatch, OpportunityLine, OpportunityView
from bot.views import elements
from bot.views.elements import Block, Option
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, one_line

NEW = "new:"
_NAME_IN_VALUE = elements.OPTION_VALUE - len(NEW)

Values = dict[str, Any]
"""What is typed in a form, by field; as ``Call.values`` gives it."""


def day_of(value: Any) -> date | None:
    """Return a date picker's value as a day."""
    return date.fromisoformat(value) if isinstance(value, str) and value else value if isinstance(value, date) else None


def typed_moment(t: Translator, moment: datetime) -> str:
    """Return a moment as one would type it into the field, in the reader's zone; it reads back as the same minute."""
    return f"{t.local(moment):%Y-%m-%d %H:%M}"


def next_step(t: Translator, values: Values, *, optional: bool) -> list[Block]:
    """Return the inputs for what comes next and when; the time is typed as people say it."""
    return [
        elements.text_input(
            "next_step",
            t("follow_up.field.next_step"),
            value=values.get("next_step"),
            optional=optional,
            placeholder=t("follow_up.field.next_step_hint"),
            most=500,
        ),
        elements.text_input(
            "next_due_at",
            t("follow_up.field.next_due_at"),
            value=values.get("next_due_at"),
            # A time inside the next step is read too, so that one line is enough.
            optional=True,
            placeholder=t("follow_up.field.next_due_at_example"),
            hint=t("follow_up.field.next_due_at_hint"),
            most=200,
        ),
    ]


def opportunity_pick(t: Translator, view: OpportunityView | None) -> Block:
    """Return the type-ahead of one's own open opportunities, or the one that is meant."""
    if view is not None:
        return elements.section(f"*{escape_line(view.customer, 120)}* – {escape_line(view.need, 200)}")
    return elements.pick_input(
        "opportunity", t("opp.field.opportunity"), Action.OPPORTUNITY_PICK, placeholder=t("opp.field.opportunity_hint")
    )


def opportunity_options(t: Translator, lines: Sequence[OpportunityLine]) -> list[Option]:
    """Return what the type-ahead of opportunities offers."""
    return [
        elements.option(f"{one_line(one.customer)} – {one_line(one.need)}", str(one.id), _standing(t, one))
        for one in lines
    ]


def _standing(t: Translator, one: OpportunityLine) -> str:
    parts = [t.value(one.stage.name), one.grade]
    if one.next_due_at is not None:
        parts.append(t("opp.option_overdue" if one.is_overdue else "opp.option_due", due=one.next_due_at))
    return " · ".join(part for part in parts if part)


def customer_options(t: Translator, typed: str, matches: Sequence[CustomerMatch]) -> list[Option]:
    """Return what the type-ahead of customers offers: the typed name as a new one first, then those known."""
    found = []
    name = one_line(typed)[:_NAME_IN_VALUE]
    if name:
        found.append(elements.option(t("lead.option_new", name=name), NEW + name, t("lead.option_new_hint")))
    state = _States(t)
    return [*found, *(elements.option(one_line(one.name), f"id:{one.id}", state.of(one)) for one in matches)]


def customer_state(t: Translator, one: CustomerMatch) -> str:
    """Return who has a customer and since when it was last heard of; nothing else is an outsider's business."""
    return _States(t).of(one)


def standing(t: Translator, one: CustomerMatch) -> str:
    """Return in mrkdwn what a rep who wants a customer must know of it; empty for one that is free."""
    if one.state == "free":
        return ""
    key, who = f"picker.{_kind(one)}", one.beside or one.owner
    owner = escape_line(who.name, 80) if who else "–"
    words = t(key, owner=owner, until=t.local(one.protected_until).date() if one.protected_until else "–")
    if one.last_follow_up_at is None:
        return words
    return f"{words} · {t('lead.state.last', day=t.local(one.last_follow_up_at).date())}"


def _kind(one: CustomerMatch) -> str:
    """Return what a customer is to the reader: mine, mine beside another's, shared by a ruling; else its state."""
    if one.is_mine:
        return "mine" if one.beside is None else "beside"
    return "shared" if one.is_shared else one.state


class _States:
    """Says who has customers; a hundred of them have few owners and few days, and nobody waits for the same words twice."""

    def __init__(self, t: Translator) -> None:
        self._t = t
        self._zone = ZoneInfo(t.zone)
        self._said: dict[tuple[Any, ...], str] = {}

    def of(self, one: CustomerMatch) -> str:
        """Return the words of one customer."""
        key, who = f"lead.state.{_kind(one)}", one.beside or one.owner
        owner = who.name if who else "–"
        until, heard = self._day(one.protected_until), self._day(one.last_follow_up_at)
        known = (key, owner, until, heard)
        found = self._said.get(known)
        if found is None:
            last = [self._t("lead.state.last", day=heard)] if heard else []
            found = " · ".join([self._t(key, owner=owner, until=until or "–"), *last])
            self._said[known] = found
        return found

    def _day(self, moment: datetime | None) -> date | None:
        return moment.astimezone(self._zone).date() if moment is not None else None


SOURCE, TIMING = "source", "timing"
QUESTIONS_MOST = 60
"""So many grading questions have room in a form beside its other fields."""
# What forms with grading questions ask beside them: a team's question of that name gets another field.
_TAKEN = frozenset(
    {
        "customer", "confirmed_new", "website_or_code", "need", "contact_name", "contact_phone", "contact_email", "contact_title",
        "amount", "next_step", "next_due_at", "product", "region", "industry", "expected_close_on", "owner", "stage", "note",
        "reason", "meeting", "quote_amount", "quote_valid_until", "standing", "possible", "about_grade",
    }
)  # fmt: skip


def source(t: Translator, criteria: Sequence[Scoring], chosen: str | None) -> list[Block]:
    """Return the list of sources, where the scorecard has them."""
    return scored(t, criteria, SOURCE, chosen, label=t("lead.field.source"))


def scored(
    t: Translator,
    criteria: Sequence[Scoring],
    key: str,
    chosen: str | None,
    *,
    label: str | None = None,
    optional: bool = True,
    hint: str | None = None,
) -> list[Block]:
    """Return a grading question as a list of its answers; nothing where the scorecard does not ask it."""
    for scoring in criteria:
        if scoring.key == key and scoring.options:
            options = [elements.option(t.value(one.name), one.key) for one in scoring.options]
            return [
                elements.select_input(
                    field_of(key),
                    label or t.value(scoring.name),
                    options,
                    chosen=chosen,
                    optional=optional,
                    hint=hint,
                    placeholder=t("answer.choose"),
                )
            ]
    return []


def field_of(key: str) -> str:
    """Return the field in which a grading question is asked."""
    return f"answer.{key}" if key in _TAKEN else key


def answers_in(values: Values, criteria: Sequence[Scoring]) -> dict[str, str]:
    """Return what was answered to grading questions in a form, by criterion; the source is not among them."""
    found = {one.key: values.get(field_of(one.key)) for one in criteria if one.key != SOURCE}
    return {key: str(value) for key, value in found.items() if value}


def reason(t: Translator, label: str, reasons: Sequence[Reason], chosen: str | None) -> Block:
    """Return the team's list of reasons."""
    options = [elements.option(t.value(one.name), one.key) for one in reasons]
    return elements.select_input("reason", label, options, chosen=chosen, placeholder=t("answer.choose"))


def contact(t: Translator, values: Values) -> list[Block]:
    """Return the inputs for the person at the customer."""
    return [
        elements.text_input(
            "contact_name", t("lead.field.contact_name"), value=values.get("contact_name"), optional=True, most=100
        ),
        elements.text_input(
            "contact_phone",
            t("lead.field.contact_phone"),
            value=values.get("contact_phone"),
            optional=True,
            placeholder=t("lead.field.contact_phone_hint"),
            most=40,
        ),
        elements.text_input(
            "contact_email",
            t("lead.field.contact_email"),
            value=values.get("contact_email"),
            optional=True,
            placeholder=t("lead.field.contact_email_hint"),
            most=200,
        ),
    ]


def website_or_code(t: Translator, values: Values) -> Block:
    """Return the input for what tells an organisation from all others, beside its name."""
    return elements.text_input(
        "website_or_code",
        t("lead.field.website_or_code"),
        value=values.get("website_or_code"),
        optional=True,
        placeholder=t("lead.field.website_or_code_hint"),
        most=200,
    )


def amount(t: Translator, value: str | None, *, optional: bool = True, name: str = "amount") -> Block:
    """Return the input for an amount, as people type one."""
    return elements.text_input(
        name, t(f"lead.field.{name}"), value=value, optional=optional, placeholder=t("lead.field.amount_hint"), most=40
    )


def typed_amount(amount_minor: int | None, currency: str) -> str | None:
    """Return a known amount as one would type it, so that the form gives back what it was given."""
    if amount_minor is None:
        return None
    digits = minor_digits(currency)
    whole, rest = divmod(amount_minor, 10**digits)
    tail = f".{rest:0{digits}d}" if rest else ""
    return f"{whole:,}{tail} {currency}"
