"""Owns what every use case needs: the record, the clock, and who is asking."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.domain.calendar import WorkCalendar
from bot.errors import BotError
from bot.models import ProcessedRequest
from bot.models.session import Database
from bot.services.calendars import numbers_country

_CLAIM = insert(ProcessedRequest)


class AlreadyDone(BotError):  # noqa: N818 - it is an outcome, not a fault
    """This request of Slack's was carried out before; the redelivery changes nothing."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and from where.

    Attributes:
        workspace_id: Our number of the workspace.
        member_id: Our number of the member; None for the clock and the command line.
        name: What people call them.
        role: rep, specialist, manager or admin; ``system`` for the clock and the command line.
        team_id: Their team, if they have one.
        zone: IANA zone, such as ``Asia/Shanghai``.
        locale: ``en-US`` or ``zh-CN``.
        slack_user_id: Slack user id, such as ``U012AB3CD``.
        request_key: Unique key of the Slack request, kept for a day; None where nothing can be redelivered.
        managed_team_ids: Teams whose manager they are.
        calendar: The working hours of their team, by which their words about time are read.
    """

    workspace_id: int
    member_id: int | None
    name: str
    role: str
    team_id: int | None
    zone: str
    locale: str
    slack_user_id: str | None = None
    request_key: str | None = None
    managed_team_ids: frozenset[int] = frozenset()
    calendar: WorkCalendar | None = None

    @property
    def is_admin(self) -> bool:
        """True for an admin and for the program itself."""
        return self.role in {"admin", "system"}

    @property
    def country(self) -> str:
        """In which country a telephone number is that they type without a country code."""
        return numbers_country(self.calendar, self.zone)

    @property
    def decides(self) -> bool:
        """True for one who decides for some team: its manager, or an admin. The role alone gives no such right."""
        return self.is_admin or bool(self.managed_team_ids)

    def manages(self, team_id: int | None) -> bool:
        """Say whether they decide for that team."""
        return self.is_admin or team_id in self.managed_team_ids

    def with_key(self, request_key: str | None) -> "Actor":
        """Return the same member asking through a Slack request."""
        return replace(self, request_key=request_key)


def system_actor(workspace_id: int) -> Actor:
    """Return the program itself as the one who acts."""
    return Actor(workspace_id, None, "Closeloop", "system", None, "UTC", "en-US")


@dataclass(frozen=True, slots=True)
class Desk:
    """The record and the clock; every use case takes it first."""

    database: Database
    clock: Clock

    def now(self) -> datetime:
        """Return the present moment of the business, aware UTC."""
        return self.clock.now()

    @contextmanager
    def transaction(self, by: Actor) -> Iterator[Session]:
        """Give a session whose work is kept whole or not at all, once for each Slack request.

        Raises:
            AlreadyDone: The request was carried out before.
        """
        with self.database.transaction(by.workspace_id) as session:
            if by.request_key is not None:
                self._claim(session, by)
            yield session

    @contextmanager
    def reading(self, by: Actor) -> Iterator[Session]:
        """Give a session that reads one state of the actor's workspace."""
        with self.database.reading(by.workspace_id) as session:
            yield session

    def _claim(self, session: Session, by: Actor) -> None:
        try:
            session.connection().execute(
                _CLAIM, {"workspace_id": by.workspace_id, "key": by.request_key, "at": self.now()}
            )
        except IntegrityError as error:
            raise AlreadyDone(by.request_key) from error
