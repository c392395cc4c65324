"""Owns whose contacts are hidden: those of an opportunity that nobody owns, from all who may not act on it."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.events import CONTACT_JOINER, OwnerTold
from bot.domain.veil import Veil
from bot.models import Contact, EventRow, Opportunity
from bot.services.desk import Actor


def is_veiled(opportunity: Opportunity, by: Actor) -> bool:
    """Say whether contacts are hidden from the actor: all but the team's manager and admins, while nobody owns it.

    The program itself reads for channels and digests, which everybody sees.
    """
    return opportunity.owner_id is None and (by.role == "system" or not by.manages(opportunity.team_id))


def veil_of(session: Session, opportunity: Opportunity, by: Actor) -> Veil | None:
    """Return the veil through which the actor sees an opportunity; None where they see it as it is."""
    return veils(session, {opportunity.customer_id})[opportunity.customer_id] if is_veiled(opportunity, by) else None


def veils(session: Session, customer_ids: Collection[int]) -> dict[int, Veil]:
    """Return a veil for each of these customers."""
    if not customer_ids:
        return {}
    known: dict[int, list[str | None]] = defaultdict(list)
    rows = session.execute(
        select(Contact.customer_id, Contact.name, Contact.phone, Contact.email).where(
            Contact.customer_id.in_(customer_ids)
        )
    )
    for customer_id, *values in rows:
        known[customer_id] += values
    # Whom others told the owner of is in no row of contacts, and is named in texts all the same.
    told = session.execute(
        select(Opportunity.customer_id, EventRow.payload)
        .join(EventRow, EventRow.opportunity_id == Opportunity.id)
        .where(Opportunity.customer_id.in_(customer_ids), EventRow.kind == OwnerTold.kind)
    )
    for customer_id, payload in told:
        known[customer_id] += (OwnerTold.from_payload(payload).contact or "").split(CONTACT_JOINER)
    return {customer_id: Veil.over(known[customer_id]) for customer_id in customer_ids}
