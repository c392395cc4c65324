"""Owns which opportunities words mean: those of a customer whom the words mean, and those with the words in their need."""

from collections.abc import Collection

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.identity import KeyKind
from bot.models import Opportunity
from bot.services import customer_search


class Words:
    """What was typed to find opportunities.

    Args:
        session: A transaction bound to a workspace.
        typed: Any text; nothing visible means every opportunity.
        country: In which country a telephone number without a country code is.
        near: Whether customers of near names are meant where there is no other.
    """

    def __init__(self, session: Session, typed: str, *, country: str | None = None, near: bool = True) -> None:
        self._session = session
        self._words = typed.strip().lower()
        if not self._words:
            return
        workspace_id = session.info["workspace_id"]
        key = identity.typed_key(typed, country)
        told = customer_search.told(session.connection(), key, workspace_id) if key is not None else []
        named = customer_search.meant(session.connection(), typed, workspace_id, near=near and not told)
        by_name, by_key = Opportunity.customer_id.in_(named), Opportunity.customer_id.in_(told)
        self._of_customer = or_(by_name, by_key) if told else by_name
        # A contact's number and address are hidden while nobody owns it: typing them shows nothing either.
        is_contacts = key is not None and (key.kind is KeyKind.PHONE or "@" in typed)
        self._shown = by_name if is_contacts else self._of_customer

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
        of_customer = select(Opportunity.id).where(Opportunity.id.in_(hidden), self._shown)
        return needs.keys() - set(hidden) | set(self._session.scalars(of_customer))
