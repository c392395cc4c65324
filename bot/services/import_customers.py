"""Owns the customers of an import: recognised among those that are here and among the rows before, by the usual rules."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.identity import KeyKind, Verdict
from bot.services import customers

_MOST_NEAR = 3


@dataclass(slots=True, eq=False)
class PlannedCustomer:
    """A customer by our number, or one to be made: ``id`` is None until then.

    ``keys`` are those that the file gives; ``near`` are names that it may be, which a person has to look at.
    """

    name: str
    id: int | None = None
    is_identified: bool = True
    keys: frozenset[identity.Key] = frozenset()
    industry: str | None = None
    region: str | None = None
    near: tuple[str, ...] = ()


@dataclass(slots=True)
class CustomerBook:
    """The customers that an import has met so far."""

    made: list[PlannedCustomer] = field(default_factory=list)
    _by_typed: dict[tuple[str | None, ...], PlannedCustomer] = field(default_factory=dict)
    _by_key: dict[identity.Key, PlannedCustomer] = field(default_factory=dict)
    _by_id: dict[int, PlannedCustomer] = field(default_factory=dict)
    _by_near: dict[str, list[PlannedCustomer]] = field(default_factory=lambda: defaultdict(list))

    def unnamed(self, ref: str) -> PlannedCustomer:
        """Return a customer for a row that names none: one a row, outside identity."""
        customer = PlannedCustomer(f"Not identified ({ref})", is_identified=False)
        self.made.append(customer)
        return customer

    def named(
        self,
        session: Session,
        name: str,
        *,
        email: str | None = None,
        phone: str | None = None,
        website: str | None = None,
        credit_code: str | None = None,
        country: str | None = None,
        industry: str | None = None,
        region: str | None = None,
    ) -> tuple[PlannedCustomer, str]:
        """Return the customer of a name, and whether it is known, new, or new and possibly one that is known.

        A telephone number without a country code is of ``country``, an ISO 3166 code.
        """
        typed = (name, email, phone, website, credit_code, country)
        found = self._by_typed.get(typed)
        if found is not None:
            return found, "known"
        keys = identity.keys_of(
            name, email=email, phone=phone, website=website, credit_code=credit_code, country=country
        )
        found = self._same(name, keys)
        met = "known"
        if found is None:
            here = customers.recognise(session, name, keys)
            if here.customer is not None:
                found = self._by_id.setdefault(here.customer.id, PlannedCustomer(here.customer.name, here.customer.id))
            else:
                near = self._near(name, [row.name for row in here.possible])
                found = PlannedCustomer(name, keys=keys, industry=industry, region=region, near=near)
                met = "possible" if near else "new"
                self.made.append(found)
        self._by_typed[typed] = found
        self._remember(name, found, keys)
        return found, met

    def ids(self) -> set[int]:
        """Return the numbers of those that were here already."""
        return set(self._by_id)

    def known(self) -> list[PlannedCustomer]:
        """Return those that were here already, with what the file adds to their keys."""
        return list(self._by_id.values())

    def _remember(self, name: str, customer: PlannedCustomer, keys: frozenset[identity.Key]) -> None:
        customer.keys |= {key for key in keys if key.kind in identity.STRONG and key.kind is not KeyKind.NAME}
        for key in keys:
            if key.kind in identity.STRONG:
                self._by_key.setdefault(key, customer)
        for value in identity.near_keys(name):
            if customer not in self._by_near[value]:
                self._by_near[value].append(customer)

    def _same(self, name: str, keys: frozenset[identity.Key]) -> PlannedCustomer | None:
        # The name is what the file means; a shared domain or switchboard only speaks where the name is new.
        for key in sorted(keys, key=lambda one: (one.kind is not KeyKind.NAME, one.kind, one.value)):
            found = self._by_key.get(key)
            if found is None:
                continue
            if key.kind is KeyKind.NAME and identity.compare(name, found.name).verdict is Verdict.POSSIBLE:
                continue
            return found
        return None

    def _near(self, name: str, names: list[str]) -> tuple[str, ...]:
        candidates = {id(one): one for value in identity.near_keys(name) for one in self._by_near.get(value, ())}
        near = [
            one.name for one in candidates.values() if identity.compare(name, one.name).verdict is not Verdict.DIFFERENT
        ]
        return tuple(dict.fromkeys([*names, *near]))[:_MOST_NEAR]
