"""Figures of the customer picker: the answer to what was typed so far, among very many customers.

The floor is the same statements by the bare driver.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from bench import naming
from bench.bare_rows import BareRows, Statements, statements_of
from bench.customers import fill
from bench.databases import database_url
from bench.figures import Figure, Prepared, growth, measure, remark
from bench.filling import SLACK_TEAM, rep_id
from bench.serving import bot_settings
from bot import app
from bot.app import Bot
from bot.domain import identity
from bot.domain.identity_search import pinyin_key
from bot.handlers import leads
from bot.handlers.calls import Call, Surface

NAMES = ("picker",)
SIZES = {"postgresql": (10_000, 1_000_000), "sqlite": (10_000, 100_000)}

_GOAL = 3.0
_GROWTH_GOALS = {f"picker_{one}": 2.0 for one in ("latin", "pinyin", "characters")}
_QUERIES, _SAMPLE = 60, 4000
_HARD = {
    # Words that very many share, alone and together; words that exclude each other; a letter; nothing; a whole name.
    "latin": ("shanghai technology", "technology group", "shanghai beijing", "s", "t s", "xqxqxq", "london osaka te"),
    "pinyin": ("shanghai", "sh", "s", "kj", "shanghaikeji", "zzzz"),
    "characters": ("科技", "上海", "有限", "东方"),
}


def measured(kind: str, names: Sequence[str], *, n: int, sizes: Sequence[int] = ()) -> Iterator[Figure]:
    """Measure the picker on databases of several sizes; figures come as they are ready, those of growth last.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        names: Which figures: ``picker``.
        n: How often each class of queries is timed.
        sizes: Customers present; by default as the goals say.
    """
    if "picker" not in names:
        return
    of_size = []
    for size in sizes or SIZES[kind]:
        for figure in _of_size(kind, size, n):
            yield figure
            of_size.append((size, figure))
    for figure in growth(of_size, _GROWTH_GOALS):
        yield figure


def _of_size(kind: str, size: int, n: int) -> Iterator[Figure]:
    with database_url(kind) as url:
        remark(f"filling {kind} with {size} customers")
        fill(url, customers=size)
        bot = app.build(bot_settings(url, 0, "http://127.0.0.1:9/api/"))
        rows = BareRows(url)
        try:
            for name, queries in typed().items():
                yield _figure(f"picker_{name}@{size}/{kind}", bot, rows, queries, n)
        finally:
            rows.close()
            bot.close()


def typed() -> dict[str, list[str]]:
    """Return what is typed, by class: beginnings of names as one comes by them while typing, and the hard ones."""
    spread = random.Random(5)
    every = list(islice(naming.names(_SAMPLE), _SAMPLE))
    chinese = [name for name in every if not name.isascii()]
    classes: dict[str, Callable[[], str]] = {
        "latin": partial(_latin, spread, [name for name in every if name.isascii()]),
        "pinyin": partial(_pinyin, spread, chinese),
        "characters": partial(_characters, spread, chinese),
    }
    return {
        name: [*_HARD[name], *(make() for _ in range(_QUERIES - len(_HARD[name])))] for name, make in classes.items()
    }


def _latin(spread: random.Random, names: list[str]) -> str:
    name = spread.choice(names)
    return name[: spread.randrange(2, len(name) + 1)].strip()


def _pinyin(spread: random.Random, names: list[str]) -> str:
    sound = pinyin_key(spread.choice(names)) or "x"
    return sound[: spread.randrange(2, len(sound) + 1)]


def _characters(spread: random.Random, names: list[str]) -> str:
    name = identity.name_key(spread.choice(names))
    place = spread.randrange(len(name) - 1)
    return name[place : place + 2]


def _figure(name: str, bot: Bot, rows: BareRows, queries: list[str], n: int) -> Figure:
    def ask(number: int) -> object:
        return leads.find_customers(_call(bot, queries[number % len(queries)]))

    asked: list[Statements] = []
    for number in range(len(queries)):
        ask(number)  # what is worked out once and kept is not what every answer costs
        asked.append(statements_of(bot.desk.database, partial(ask, number)))

    def work(number: int) -> Prepared:
        return partial(ask, number)

    def floor(number: int) -> Prepared:
        return partial(rows.replay, asked[number % len(asked)])

    return measure(name, work, floor, n=n, goal=_GOAL)


def _call(bot: Bot, text: str) -> Call:
    body = {"type": "block_suggestion", "action_id": "customer.pick", "value": text}
    who = {"team": {"id": SLACK_TEAM}, "user": {"id": rep_id(0, 0), "team_id": SLACK_TEAM}}
    return Call(bot.kit, Surface.OPTIONS, {**body, **who})
