"""Owns what comes along with a change of owner: what was typed of the customer before somebody was told who has it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain import identity
from bot.domain.events import NoteAdded
from bot.errors import InvalidInput, NotAllowed
from bot.i18n import Translator
from bot.models import Contact, Member, Opportunity
from bot.services import scoring
from bot.services.edits import EditForm, apply_edit
from bot.services.forms import check_future, clean
from bot.services.member_rows import actor_of
from bot.services.next_steps import finish_next_step, set_next_step
from bot.services.recording import Ground, Recorder, ground_of
from bot.services.teams import home_team

_NOTE = 3000
_ONLY_WHERE_NONE = ("source", "product", "region", "industry", "expected_close_on")
_CONTACT = ("contact_name", "contact_title", "contact_phone", "contact_email")
FACTS = EditForm.model_fields.keys() - {"need", "facts"}
"""Fields of the form of a lead that are facts of the opportunity, beside the answers to grading questions."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What one who claims or assigns knows: facts, a need in their words, and what they want to do next, and when."""

    facts: EditForm
    need: str | None = None
    step: str | None = None
    due_at: datetime | None = None


def write(recorder: Recorder, opportunity: Opportunity, ground: Ground, brought: Brought) -> None:
    """Write what is brought into an opportunity that leaves the pool: contact, amount, next step; the need joins the history.

    Raises:
        InvalidInput: What to do, by field.
    """
    known = {name: None for name in _ONLY_WHERE_NONE if getattr(opportunity, name) is not None}
    answers = scoring.fitting(brought.facts.facts, ground.playbook)
    facts = brought.facts.model_copy(update={**known, "facts": answers})
    typed = facts.model_dump(include=set(_CONTACT))
    contact = _contact_of(recorder, opportunity)
    left: list[str | None] = []
    if contact is not None and not _is_same(contact, typed, ground):
        if facts.contact_name is not None:
            # Who was typed becomes a contact of their own; the other one stays the customer's, as they are.
            opportunity.contact_id = None
        else:
            left = list(typed.values())
            facts = facts.model_copy(update=dict.fromkeys(_CONTACT))
    _note(recorder, opportunity, [brought.need], left)
    apply_edit(recorder, opportunity, ground, facts, currency=_currency(recorder, ground))
    step = brought.step or (opportunity.next_text if brought.due_at is not None else None)
    if step is not None:
        check_future("next_due_at", brought.due_at, recorder.now)
        finish_next_step(recorder, opportunity, is_done=False)
        set_next_step(recorder, opportunity, step, brought.due_at or ground.accept_by(opportunity, recorder.now))


def fill(
    recorder: Recorder,
    opportunity: Opportunity,
    ground: Ground,
    asker: Member,
    need: str | None,
    typed: Mapping[str, Any],
) -> None:
    """Write what was typed by one who is given somebody else's opportunity: what is empty is filled, all else is their note.

    Args:
        recorder: The transaction of who gives it.
        opportunity: Its row; nothing that its former owner knew is changed.
        ground: On which it stands now.
        asker: The new owner: what they typed is theirs in the history too.
        need: What they typed as the customer's need.
        typed: All that they typed, by field, with their answers to grading questions as ``facts``.
    """
    theirs = Recorder(recorder.desk, recorder.session, actor_of(recorder.session, asker))
    known = _known(theirs, opportunity, ground, typed)
    empty = {name: typed[name] for name in FACTS if typed.get(name) and name not in known}
    answers = {name: value for name, value in (typed.get("facts") or {}).items() if name not in opportunity.facts}
    unread = _fill_facts(theirs, opportunity, ground, {**empty, "facts": scoring.fitting(answers, ground.playbook)})
    if opportunity.next_text is None and typed.get("next_step"):
        set_next_step(theirs, opportunity, clean(typed["next_step"]), ground.accept_by(opportunity, theirs.now))
    _note(
        theirs,
        opportunity,
        [need],
        [typed.get(name) for name in _CONTACT] if known.intersection(_CONTACT) else [],
        [typed.get("amount")] if "amount" in known else [],
        [typed.get("next_step"), typed.get("next_due_at")],
        *([_labelled(ground, name, empty[name])] for name in unread),
    )


def _fill_facts(recorder: Recorder, opportunity: Opportunity, ground: Ground, values: dict[str, Any]) -> list[str]:
    """Write what was typed, and return the fields of what cannot be read: nobody is there to correct it."""
    if not values:
        return []
    try:
        with recorder.session.begin_nested():
            apply_edit(recorder, opportunity, ground, EditForm.read(values), currency=_currency(recorder, ground))
    except InvalidInput as error:
        # Should none of the fields be to blame, none of them is written.
        unread = error.fields.keys() & values.keys() or values.keys()
        rest = {name: value for name, value in values.items() if name not in unread}
        return [*sorted(FACTS & unread), *_fill_facts(recorder, opportunity, ground, rest)]
    return []


def _labelled(ground: Ground, name: str, value: Any) -> str:
    """Return what was typed with the name of its field, in the language of the team that reads the history."""
    t = Translator(ground.team.locale)
    return t("members.set", field=t(f"lead.field.{name}"), value=value)


def _note(recorder: Recorder, opportunity: Opportunity, *lines: Sequence[Any]) -> None:
    """Keep in the words of who typed it what has no place among the facts."""
    note = "\n".join(" · ".join(str(part) for part in line if part) for line in lines if any(line))
    if note:
        recorder.event(opportunity, NoteAdded(clean(note)[:_NOTE], None, "note"))


def _currency(recorder: Recorder, ground: Ground) -> str:
    """Return in which currency an amount is that names none: of the team of who typed it, as in a capture of theirs."""
    with suppress(NotAllowed):  # a manager whose team was taken over is of none
        ground = ground_of(recorder.session, home_team(recorder.session, recorder.by).id)
    return ground.playbook.currency


def _known(recorder: Recorder, opportunity: Opportunity, ground: Ground, typed: Mapping[str, Any]) -> set[str]:
    """Return which facts an opportunity has; the contact of another person has no room for any of the typed one."""
    known = {name for name in _ONLY_WHERE_NONE if getattr(opportunity, name) is not None}
    known |= {"amount"} if opportunity.amount_minor is not None else set()
    contact = _contact_of(recorder, opportunity)
    if contact is None:
        return known
    is_same = _is_same(contact, typed, ground)
    return known | {name for name in _CONTACT if not is_same or getattr(contact, name.removeprefix("contact_"))}


def _contact_of(recorder: Recorder, opportunity: Opportunity) -> Contact | None:
    return recorder.session.get(Contact, opportunity.contact_id) if opportunity.contact_id else None


def _is_same(contact: Contact, typed: Mapping[str, Any], ground: Ground) -> bool:
    """Say whether who was typed is clearly the person known: of the same name; else reached in the same way.

    Who typed it may not have seen whom they would write over.
    """
    name, phone, email = (str(typed.get(f"contact_{part}") or "").strip() for part in ("name", "phone", "email"))
    # Of whom no name is known, the telephone or mail address stands for one.
    if name and contact.name not in {contact.phone, contact.email}:
        return name.casefold() == contact.name.casefold()
    key = identity.phone_key(phone, ground.numbers_country)
    is_same_phone = key is not None and key == identity.phone_key(contact.phone or "", ground.numbers_country)
    return is_same_phone or (bool(email) and email.casefold() == (contact.email or "").casefold())
