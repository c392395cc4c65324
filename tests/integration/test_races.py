"""Two hundred people want the same thing at once: one has it, everybody else is politely told who."""

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from bot.domain import identity
from bot.domain.events import Claimed, CollisionStopped
from bot.domain.identity import Verdict
from bot.errors import CustomerProtected, LeadAlreadyClaimed, NotAllowed
from bot.models import Customer, EventRow, Member, Opportunity
from bot.models.session import Database
from bot.services import leads, playbooks, pool
from bot.services.desk import Actor
from bot.services.leads import LeadForm
from tests.factories import TeamWorld, make_lead

RACERS = 200
ROUNDS, SOAK_ROUNDS = 5, 100


def spellings(word: str) -> tuple[str, ...]:
    """Twenty ways to write "Word & Partners Ltd" that all mean the same."""
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in word.upper())
    accented = word.replace("a", "á", 1)
    return (
        f"{word} & Partners Ltd", f"{word.upper()} & PARTNERS LTD", f"{word} and Partners Ltd.", f"The {word} & Partners Limited",
        f"{word.lower()} & partners", f"{word} and Partners", f"{wide} ＆ Ｐａｒｔｎｅｒｓ Ｌｔｄ", f"{word} & Partners, Ltd",
        f"{accented} & Partners Ltd", f"The {word} and Partners", f"{word.upper()} AND PARTNERS LIMITED", f"{word}  &  Partners  Ltd",
        f"“{word} & Partners” Ltd", f"{word}\u200b & Partners Ltd", f"{word.lower()} and partners ltd", f"{word} & Partners (Ltd.)",
        f"{word} & Partners LIMITED", f"THE {word.upper()} & PARTNERS", f"{word}&Partners Ltd", f"{word} & Partners Ltd,",
    )  # fmt: skip


def a_word(turn: int) -> str:
    """A name of its own for each round, so far from all others that nobody asks whether it is one of them."""
    letters = random.Random(turn)
    return "".join(letters.choice("bdfgklmnprstvz") + letters.choice("aeiou") for _ in range(5)).capitalize() + "a"


CHINESE = (
    "上海晨光仪器有限公司", "上海晨光仪器", "晨光仪器（上海）有限公司", "晨光仪器(上海)有限公司", "上海晨光仪器集团有限公司", "上海晨光儀器有限公司",
    "上海市晨光仪器有限公司", "上海晨光仪器集团", "上海晨光儀器", "晨光儀器（上海）有限公司", "上海 晨光 仪器 有限公司", "「上海晨光仪器有限公司」",
    "上海晨光仪器有限公司。", "上海市晨光儀器有限公司", "晨光仪器（上海）", "上海晨光仪器有限责任公司", "晨光仪器集团（上海）有限公司",
    "上海市晨光仪器", "上海晨光仪器（集团）有限公司", "上海晨光儀器集團有限公司",
)  # fmt: skip


@pytest.fixture
def crowd(team_world: TeamWorld, database: Database) -> list[Actor]:
    """Two hundred reps of one team, who are given nothing by the rules."""
    rep = team_world.rep
    away = team_world.clock.now() + timedelta(days=4000)
    with database.transaction(rep.workspace_id) as session:
        session.execute(update(Member).values(away_until=away))
        known = {
            "workspace_id": rep.workspace_id,
            "team_id": rep.team_id,
            "zone": rep.zone,
            "locale": rep.locale,
            "away_until": away,
            "created_at": team_world.clock.now(),
        }
        rows = [{**known, "slack_user_id": f"UR{number}", "name": f"Racer {number}"} for number in range(RACERS)]
        session.execute(insert(Member), rows)
        members = session.scalars(select(Member).where(Member.name.startswith("Racer ")).order_by(Member.id)).all()
        return [
            replace(rep, member_id=row.id, name=row.name, slack_user_id=row.slack_user_id, request_key=None)
            for row in members
        ]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(RACERS) as executor:
        yield executor


def race(threads: ThreadPoolExecutor, runs: list[Callable[[], Any]]) -> list[Any]:
    """Start all at the same moment and return what each came to, errors as values."""
    gate = threading.Barrier(len(runs))

    def one(run: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return run()
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            return error

    return list(threads.map(one, runs))


def check_outcome(results: list[Any], crowd: list[Actor], told: type[Exception]) -> Actor:
    """One won, and everybody else was told by whom; returns who won."""
    kinds = Counter(type(result).__name__ for result in results)
    won = [by for by, result in zip(crowd, results, strict=True) if not isinstance(result, Exception)]
    assert kinds == {"Done": 1, told.__name__: len(results) - 1}, [
        result for result in results if type(result) is not told
    ][:3]
    assert {result.params["owner"] for result in results if isinstance(result, told)} == {won[0].name}
    return won[0]


def claims(world: TeamWorld, database: Database, crowd: list[Actor], threads: ThreadPoolExecutor) -> None:
    """One round: a lead that nobody was there for, and everybody claims it."""
    desk = world.desk
    form = LeadForm.read({"customer_name": f"Wanted {world.clock.now():%Y%j}", "need": "n", "confirmed_new": True})
    number = leads.capture(desk, form, by=world.specialist).opportunity.id
    runs = [lambda by=by: pool.claim(desk, number, by=by) for by in crowd]
    winner = check_outcome(race(threads, runs), crowd, LeadAlreadyClaimed)
    with database.reading(None) as session:
        row = session.get_one(Opportunity, number)
        assert (row.owner_id, row.pooled_at) == (winner.member_id, None)
        events = select(EventRow.actor_id).where(EventRow.kind == Claimed.kind, EventRow.opportunity_id == number)
        assert session.scalars(events).all() == [winner.member_id]
    world.clock.advance(timedelta(days=1))


def captures(
    world: TeamWorld,
    database: Database,
    crowd: list[Actor],
    threads: ThreadPoolExecutor,
    names: tuple[str, ...],
) -> None:
    """One round: everybody captures one customer that nobody knew, each in one of twenty spellings."""
    named = itertools.islice(itertools.cycle(names), RACERS)
    forms = [LeadForm.read({"customer_name": name, "need": "n"}) for name in named]
    runs = [
        lambda form=form, by=by: leads.capture(world.desk, form, by=by) for form, by in zip(forms, crowd, strict=True)
    ]
    winner = check_outcome(race(threads, runs), crowd, CustomerProtected)
    with database.reading(None) as session:
        newest = session.scalars(select(Opportunity).order_by(Opportunity.id.desc()).limit(1)).one()
        assert newest.owner_id == winner.member_id
        same = select(func.count()).select_from(Opportunity).where(Opportunity.customer_id == newest.customer_id)
        assert session.scalar(same) == 1
        assert session.scalar(select(func.count()).select_from(Customer)) == session.scalar(
            select(func.count()).select_from(Opportunity)
        )
        stopped = select(func.count()).where(
            EventRow.kind == CollisionStopped.kind, EventRow.opportunity_id == newest.id
        )
        assert session.scalar(stopped) == RACERS - 1
    world.clock.advance(timedelta(days=1))


@pytest.mark.parametrize("names", [spellings("Marlo"), *(spellings(a_word(turn)) for turn in range(3)), CHINESE])
def test_the_twenty_spellings_all_mean_the_same(names: tuple[str, ...]) -> None:
    assert len(set(names)) == 20
    verdicts = {identity.compare(one, other).verdict for one, other in itertools.combinations(names, 2)}
    assert verdicts == {Verdict.SAME}


def test_of_two_hundred_who_claim_at_once_one_wins_and_all_others_learn_who(
    team_world: TeamWorld, database: Database, crowd: list[Actor], threads: ThreadPoolExecutor
) -> None:
    for _ in range(ROUNDS):
        claims(team_world, database, crowd, threads)


def test_of_two_hundred_who_capture_one_customer_in_twenty_spellings_one_owns_it_and_all_others_learn_who(
    team_world: TeamWorld, database: Database, crowd: list[Actor], threads: ThreadPoolExecutor
) -> None:
    for turn in range(ROUNDS - 1):
        captures(team_world, database, crowd, threads, spellings(a_word(turn)))
    captures(team_world, database, crowd, threads, CHINESE)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_races_for_a_claim(
    team_world: TeamWorld, database: Database, crowd: list[Actor], threads: ThreadPoolExecutor
) -> None:
    for turn in range(SOAK_ROUNDS):
        # On SQLite mostly the one who comes to the gate last wins: a hundred times the same one would be too many for the cap.
        claims(team_world, database, crowd[turn:] + crowd[:turn], threads)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_races_for_a_customer(
    team_world: TeamWorld, database: Database, crowd: list[Actor], threads: ThreadPoolExecutor
) -> None:
    for turn in range(SOAK_ROUNDS):
        captures(team_world, database, crowd, threads, spellings(a_word(turn)))


def test_claims_of_one_rep_at_once_never_go_beyond_the_cap_of_the_day(
    team_world: TeamWorld, database: Database, threads: ThreadPoolExecutor
) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["pool"]["claims_a_day"] = 2
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    with database.transaction(team_world.rep.workspace_id) as session:
        session.execute(update(Member).values(away_until=team_world.clock.now() + timedelta(days=1)))
    numbers = [make_lead(team_world.desk, team_world.specialist).opportunity.id for _ in range(12)]
    runs = [lambda number=number: pool.claim(team_world.desk, number, by=team_world.rep) for number in numbers]
    results = race(threads, runs)
    assert Counter(type(result).__name__ for result in results) == {"Done": 2, "NotAllowed": 10}
    assert {result.key for result in results if isinstance(result, NotAllowed)} == {"assign.claims_most"}
    with database.reading(None) as session:
        held = select(func.count()).where(Opportunity.owner_id == team_world.rep.member_id)
        assert session.scalar(held) == 2
        # What was refused is as it was, and open to everybody else.
        left = select(func.count()).where(Opportunity.owner_id.is_(None), Opportunity.pooled_at.is_not(None))
        assert session.scalar(left) == 10


def test_a_claim_and_an_assignment_to_the_same_rep_at_once_end_in_one_owner(
    team_world: TeamWorld, database: Database, threads: ThreadPoolExecutor
) -> None:
    desk, rep, manager = team_world.desk, team_world.rep, team_world.manager
    with database.transaction(rep.workspace_id) as session:
        session.execute(update(Member).values(away_until=team_world.clock.now() + timedelta(days=1)))
    numbers = [make_lead(desk, team_world.specialist).opportunity.id for _ in range(4)]
    with database.transaction(rep.workspace_id) as session:
        session.execute(update(Member).values(away_until=None))
    runs: list[Callable[[], Any]] = []
    for number in numbers:
        runs.append(lambda number=number: pool.claim(desk, number, by=rep))
        runs.append(lambda number=number: pool.assign(desk, number, str(rep.member_id), None, by=manager))
    results = race(threads, runs)
    assert Counter(type(result).__name__ for result in results) == {"Done": 4, "LeadAlreadyClaimed": 4}
    with database.reading(None) as session:
        rows = session.scalars(select(Opportunity).where(Opportunity.id.in_(numbers))).all()
        assert {row.owner_id for row in rows} == {rep.member_id}
