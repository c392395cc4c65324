"""Figures of the identity check: a capture that looks for its customer among very many, and the same without looking."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from bench import naming
from bench.customers import fill
from bench.databases import database_url
from bench.figures import Figure, Prepared, measure, remark
from bench.filling import SLACK_TEAM, rep_id
from bot.clock import SystemClock
from bot.models.session import Database
from bot.services import customers, leads, members
from bot.services.customers import Recognition
from bot.services.desk import Actor, Desk
from bot.services.leads import LeadForm

NAMES = ("capture_check",)
SIZE = 100_000

_GOAL, _WARM = 2.0, 10


def measured(kind: str, names: Sequence[str], *, n: int, size: int = SIZE) -> Iterator[Figure]:
    """Measure captures with the full check of a typed new name, against the same without looking.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        names: Which figures: ``capture_check``.
        n: How often each is timed.
        size: Customers present.
    """
    if "capture_check" not in names:
        return
    with database_url(kind) as url:
        remark(f"filling {kind} with {size} customers and their near keys")
        fill(url, customers=size, with_near=True)
        database = Database(url)
        desk = Desk(database, SystemClock())
        by = members.resolve(desk, SLACK_TEAM, rep_id(0, 0))
        if by is None:
            raise RuntimeError("the workspace has no rep")
        yield _figure(f"capture_check@{size}/{kind}", desk, by, n, size)
        database.close()


def _figure(name: str, desk: Desk, by: Actor, n: int, size: int) -> Figure:
    # New names of the same making as those that are known, so that they share words with very many.
    fresh = list(islice(naming.names(size + 2 * (n + _WARM)), size, None))

    def capture(words: str, number: int) -> None:
        form = LeadForm(customer_name=words, need=f"Need {number}", confirmed_new=True)
        leads.capture(desk, form, by=by)

    def work(number: int) -> Prepared:
        return lambda: capture(f"{fresh[number]} {number}", number)

    def floor(number: int) -> Prepared:
        def unchecked() -> None:
            with _unrecognised():
                capture(f"{fresh[-number - 1]} {size + number}", number)

        return unchecked

    return measure(name, work, floor, n=n, goal=_GOAL, warm=_WARM)


@contextmanager
def _unrecognised() -> Iterator[None]:
    """Take every name for a new one: only here, the program has no such switch."""
    real = customers.recognise
    customers.recognise = lambda *_: Recognition(None)
    try:
        yield
    finally:
        customers.recognise = real
