"""Owns customers with the keys they are found by, and contacts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, BigId, Id, Long, Short, WorkspaceOwned


class Customer(WorkspaceOwned, Base):
    """An organisation. ``is_identified`` is False for rows of an import that name none.

    ``protected_by_id`` is whose registration a manager approved, until ``protected_until``. ``merged_into_id`` is the
    customer that this one turned out to be; what was its own is there.
    """

    __tablename__ = "customer"

    id: Mapped[Id]
    name: Mapped[Short]
    region: Mapped[Short | None]
    industry: Mapped[Short | None]
    is_identified: Mapped[bool] = mapped_column(default=True)
    protected_by_id: Mapped[int | None] = mapped_column(BigId)
    protected_until: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime]


class CustomerKey(WorkspaceOwned, Base):
    """A strong key: the unique constraint makes two simultaneous captures of one customer meet."""

    __tablename__ = "customer_key"
    __table_args__ = (UniqueConstraint("workspace_id", "kind", "value"), Index(None, "customer_id"))

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    kind: Mapped[Short]
    value: Mapped[Short]


class NearKey(WorkspaceOwned, Base):
    """A weak key, to find customers whose names are near."""

    __tablename__ = "near_key"
    __table_args__ = (Index(None, "workspace_id", "value", "customer_id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    value: Mapped[Short]


class SearchKey(WorkspaceOwned, Base):
    """What a person may type to find a customer: prefixes, Chinese bigrams, pinyin and initials."""

    __tablename__ = "search_key"
    __table_args__ = (Index(None, "workspace_id", "value", "customer_id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    value: Mapped[Short]


class Contact(WorkspaceOwned, Base):
    """A person at a customer."""

    __tablename__ = "contact"
    __table_args__ = (Index(None, "customer_id"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    name: Mapped[Short]
    title: Mapped[Short | None]
    phone: Mapped[Short | None]
    email: Mapped[Short | None]
    note: Mapped[Long | None]
    created_at: Mapped[datetime]
