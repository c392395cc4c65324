"""Owns what comes along with a change of owner: what was typed of the customer before somebody was told who has it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.events import NoteAdded
from bot.errors import InvalidInput, NotAllowed
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
    if brought.need:
        recorder.event(opportunity, NoteAdded(clean(brought.need)[:_NOTE], None, "note"))
    known = {name: None for name in _ONLY_WHERE_NONE if getattr(opportunity, name) is not None}
    answers = scoring.fitting(brought.facts.facts, ground.playbook)
    facts = brought.facts.model_copy(update={**known, "facts": answers})
    _set_other_contact_aside(recorder, opportunity, facts)
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
    known = _known(theirs, opportunity, typed)
    empty = {name: typed[name] for name in FACTS if typed.get(name) and name not in known}
    answers = {name: value for name, value in (typed.get("facts") or {}).items() if name not in opportunity.facts}
    try:
        with recorder.session.begin_nested():
            form = EditForm.read({**empty, "facts": scoring.fitting(answers, ground.playbook)})
            apply_edit(theirs, opportunity, ground, form, currency=_currency(theirs, ground))
    except InvalidInput:
        # Nobody is there to correct it: it is kept in their words.
        known |= FACTS
    if opportunity.next_text is None and typed.get("next_step"):
        set_next_step(theirs, opportunity, clean(typed["next_step"]), ground.accept_by(opportunity, theirs.now))
    left = (
        [need],
        [typed.get(name) for name in _CONTACT] if known.intersection(_CONTACT) else [],
        [typed.get("amount")] if "amount" in known else [],
        [typed.get("next_step"), typed.get("next_due_at")],
    )
    note = "\n".join(" · ".join(str(part) for part in line if part) for line in left if any(line))
    if note:
        theirs.event(opportunity, NoteAdded(clean(note)[:_NOTE], None, "note"))


def _currency(recorder: Recorder, ground: Ground) -> str:
    """Return in which currency an amount is that names none: of the team of who typed it, as in a capture of theirs."""
    with suppress(NotAllowed):  # a manager whose team was taken over is of none
        ground = ground_of(recorder.session, home_team(recorder.session, recorder.by).id)
    return ground.playbook.currency


def _known(recorder: Recorder, opportunity: Opportunity, typed: Mapping[str, Any]) -> set[str]:
    """Return which facts an opportunity has; a contact of another name has no room for any of the typed one."""
    known = {name for name in _ONLY_WHERE_NONE if getattr(opportunity, name) is not None}
    known |= {"amount"} if opportunity.amount_minor is not None else set()
    contact = recorder.session.get(Contact, opportunity.contact_id) if opportunity.contact_id else None
    if contact is None:
        return known
    is_same = str(typed.get("contact_name") or "").casefold() == contact.name.casefold()
    return known | {name for name in _CONTACT if not is_same or getattr(contact, name.removeprefix("contact_"))}


def _set_other_contact_aside(recorder: Recorder, opportunity: Opportunity, facts: EditForm) -> None:
    """Leave a contact of another name as it is; the one who was typed becomes one of their own."""
    contact = recorder.session.get(Contact, opportunity.contact_id) if opportunity.contact_id else None
    name = facts.contact_name
    if contact is not None and name is not None and contact.name.casefold() != name.casefold():
        opportunity.contact_id = None
