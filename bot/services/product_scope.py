"""Owns which opportunities are about one product, where a playbook tells products apart: "pumps" and "Pumps" are one."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.playbook import Playbook
from bot.models import Opportunity


def about(
    session: Session, customer_id: int, product: str | None, playbook: Playbook
) -> tuple[ColumnElement[bool], ...]:
    """Return the condition under which a customer's opportunity can collide with one about a product.

    Args:
        session: The transaction.
        customer_id: Our number of the customer.
        product: As it was typed.
        playbook: Says whether products are told apart.

    Returns:
        Nothing where every opportunity of the customer can.
    """
    key = identity.product_key(product)
    if playbook.collision_scope != "customer_product" or key is None:
        return ()
    # How people wrote it at this customer, folded here: databases fold less than Python does.
    written = select(Opportunity.product).where(
        Opportunity.customer_id == customer_id, Opportunity.product.is_not(None)
    )
    same = [one for one in session.scalars(written.distinct()) if identity.product_key(one) == key]
    return (Opportunity.product.in_(same),)
