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

    ``keys`` are those that the file gives; ``near`` are names that it may be, which a person has to look at. ``is_beside`` says
    that another organisation had the name's key when the file was looked at, such as the GmbH beside an AG.
    """

    name: str
    id: int | None = None
    is_identified: bool = True
    keys: frozenset[identity.Key] = frozenset()
    industry: str | None = None
    region: str | None = None
    near: tuple[str, ...] = ()
    is_beside: bool = False


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
        found = self._named(name, keys)
        met = "known"
        if found is None:
            here = customers.recognise(session, name, keys)
            # The name is what the file means; a shared domain or switchboard only speaks where the name is new.
            known = None if here.is_by_name else self._sharing(keys)
            if known is not None:
                found = known
            elif here.customer is not None:
                found = self._by_id.setdefault(here.customer.id, PlannedCustomer(here.customer.name, here.customer.id))
            else:
                near = self._near(name, [row.name for row in here.possible])
                is_beside = any(key.kind is KeyKind.NAME and key in self._by_key for key in keys) or any(
                    key.kind == KeyKind.NAME for key in here.taken
                )
                found = PlannedCustomer(
                    name, keys=keys, industry=industry, region=region, near=near, is_beside=is_beside
                )
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

    def _named(self, name: str, keys: frozenset[identity.Key]) -> PlannedCustomer | None:
        """Return the customer of that name among those met; one whose name is only near, such as the AG, is another one."""
        met = (self._by_key[key] for key in keys if key.kind is KeyKind.NAME and key in self._by_key)
        return next((one for one in met if identity.compare(name, one.name).verdict is not Verdict.POSSIBLE), None)

    def _sharing(self, keys: frozenset[identity.Key]) -> PlannedCustomer | None:
        """Return one among those met that has another strong key of these."""
        others = sorted((key for key in keys if key.kind is not KeyKind.NAME), key=lambda one: (one.kind, one.value))
        return next((self._by_key[key] for key in others if key in self._by_key), None)

    def _near(self, name: str, names: list[str]) -> tuple[str, ...]:
        candidates = {id(one): one for value in identity.near_keys(name) for one in self._by_near.get(value, ())}
        near = [
            one.name for one in candidates.values() if identity.compare(name, one.name).verdict is not Verdict.DIFFERENT
        ]
        return tuple(dict.fromkeys([*names, *near]))[:_MOST_NEAR]
