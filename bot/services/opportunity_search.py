"""Owns which opportunities words mean: those of a customer whom the words mean, and those with the words in their need."""

from collections.abc import Collection

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot.models import Opportunity
from bot.services import customer_search


class Words:
    """What was typed to find opportunities.

    Args:
        session: A transaction bound to a workspace.
        typed: Any text; nothing visible means every opportunity.
        near: Whether customers of near names are meant where there is no other.
    """

    def __init__(self, session: Session, typed: str, *, near: bool = True) -> None:
        self._session = session
        self._words = typed.strip().lower()
        if self._words:
            workspace_id = session.info["workspace_id"]
            customers = customer_search.meant(session.connection(), typed, workspace_id, near=near)
            self._of_customer = Opportunity.customer_id.in_(customers)

    def narrow(self, statement: Select[Opportunity]) -> Select[Opportunity]:
        """Return a query held to the opportunities that are meant."""
        if not self._words:
            return statement
        need = func.lower(Opportunity.need).contains(self._words, autoescape=True)
        return statement.where(or_(self._of_customer, need))

    def seen(self, needs: dict[int, str]) -> Collection[int]:
        """Return which opportunities show why they are meant: what is hidden in a need is not found by typing it.

        Args:
            needs: Of each opportunity, by number, what may be seen of its need.
        """
        hidden = [number for number, need in needs.items() if self._words not in need.lower()]
        if not hidden:
            return needs
        of_customer = select(Opportunity.id).where(Opportunity.id.in_(hidden), self._of_customer)
        return needs.keys() - set(hidden) | set(self._session.scalars(of_customer))
