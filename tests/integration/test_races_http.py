"""The same races through the program as it runs: signed HTTP requests of two hundred people, a process, a database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, update

from bot.clock import SystemClock
from bot.models import Customer, EventRow, Member, Opportunity
from bot.models.session import Database
from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.answers import Answer
from bot.services import leads, members, teams
from bot.services.desk import Desk
from bot.services.leads import LeadForm
from bot.services.members import Profile
from tests.integration.conftest import AROUND_THE_CLOCK
from tests.integration.test_kill import CHANNEL, Program
from tests.integration.test_races import RACERS, spellings
from tests.slack.conftest import words

pytestmark = pytest.mark.alone

USERS = [f"U{number:04}" for number in range(RACERS)]
PATIENCE = 60.0


@contextmanager
def running(database_url: str, tmp_path: Path) -> Iterator[tuple[Sandbox, Desk]]:
    """The program beside a stand-in for Slack that waits long for acks: how long they took is seen afterwards."""
    settings = SandboxSettings(messages_per_second=None, ack_seconds=PATIENCE, trigger_seconds=PATIENCE)
    with Sandbox(settings) as sandbox:
        one = Program(sandbox, database_url, tmp_path)
        sandbox.connect_http(one.address)
        sandbox.add_command("/lead")
        sandbox.add_command("/opp")
        sandbox.add_member("UADMIN", "ada")
        for user in USERS:
            sandbox.add_member(user, user.lower())
        sandbox.add_channel(CHANNEL, "burst", USERS)
        database = Database(database_url)
        desk = Desk(database, SystemClock())
        _people(desk, sandbox.settings.team_id)
        one.start()
        try:
            yield sandbox, desk
        finally:
            one.kill()
            database.close()


def _people(desk: Desk, team_id: str) -> None:
    admin = members.remember(desk, team_id, Profile("UADMIN", "Ada", is_slack_admin=True))
    members.remember(desk, team_id, Profile("USPEC", "Sam"))
    form = teams.TeamForm(name="Burst", channel_id=CHANNEL, manager="UADMIN", reps=("USPEC",), **AROUND_THE_CLOCK)
    team = teams.setup(desk, form, by=admin)
    known = {
        "workspace_id": admin.workspace_id,
        "team_id": team.id,
        "zone": "UTC",
        "locale": "en-US",
        "created_at": desk.now(),
    }
    with desk.database.transaction(admin.workspace_id) as session:
        session.execute(update(Member).where(Member.slack_user_id == "USPEC").values(role="specialist"))
        rows = [{**known, "slack_user_id": user, "name": f"Racer {number}"} for number, user in enumerate(USERS)]
        session.execute(insert(Member), rows)


def _acked(answers: list[Answer], what: str) -> None:
    """No request met a fault of the program, or waited for an answer that never came."""
    assert {answer.error for answer in answers} <= {None, "errors"}, {answer.error for answer in answers}
    seconds = sorted(answer.seconds for answer in answers)
    print(f"{what}: {len(seconds)} at once, ack p50 {seconds[len(seconds) // 2]:.2f} s, last {seconds[-1]:.2f} s")  # noqa: T201 - the figures of the run


def test_two_hundred_at_once_get_one_owner_and_an_answer_whether_they_capture_or_claim(
    postgres_url: str, tmp_path: Path
) -> None:
    check_races(postgres_url, tmp_path)


@pytest.mark.soak
def test_two_hundred_at_once_on_sqlite_too(sqlite_url: str, tmp_path: Path) -> None:
    check_races(sqlite_url, tmp_path)


def check_races(url: str, folder: Path) -> None:
    with running(url, folder) as (sandbox, desk):
        capture_one_customer_in_twenty_spellings(sandbox, desk)
        claim_one_from_the_list(sandbox, desk)
        assert not sandbox.violations


def capture_one_customer_in_twenty_spellings(sandbox: Sandbox, desk: Desk) -> None:
    names = spellings("Marlo")
    with ThreadPoolExecutor(RACERS) as threads:

        def type_in(number: int) -> Answer:
            return sandbox.command(USERS[number], "/lead", f"{names[number % 20]}\nneeds a quote", channel=CHANNEL)

        _acked(list(threads.map(type_in, range(RACERS))), "/lead")
        assert sandbox.wait_until(lambda: all(sandbox.view(user) for user in USERS), PATIENCE)

        answers = list(threads.map(sandbox.submit, USERS))
    _acked(answers, "lead form")
    shown = [sandbox.view(user) or {} for user in USERS]
    [winner] = [number for number, view in enumerate(shown) if view["callback_id"] != "collision.shown"]
    told = [str(view["blocks"]) for number, view in enumerate(shown) if number != winner]
    assert len(told) == RACERS - 1
    assert all(f"Racer {winner}" in one for one in told), set(told)
    with desk.database.reading(None) as session:
        owners = session.scalars(select(Member.name).join(Opportunity, Opportunity.owner_id == Member.id)).all()
        assert list(owners) == [f"Racer {winner}"]
        assert session.scalar(select(func.count()).select_from(Customer)) == 1


def claim_one_from_the_list(sandbox: Sandbox, desk: Desk) -> None:
    specialist = members.resolve(desk, sandbox.settings.team_id, "USPEC")
    assert specialist is not None
    with desk.database.transaction(specialist.workspace_id) as session:
        session.execute(update(Member).values(away_until=desk.now() + timedelta(days=1)))
    form = LeadForm.read({"customer_name": "Wanted Works", "need": "A quote"})
    number = leads.capture(desk, form, by=specialist).opportunity.id

    with ThreadPoolExecutor(RACERS) as threads:
        for user in USERS:
            sandbox.close(user, clear=True)
        _acked(list(threads.map(lambda user: sandbox.command(user, "/opp", "pool", CHANNEL), USERS)), "/opp pool")
        assert sandbox.wait_until(lambda: all("Wanted" in read(sandbox, user) for user in USERS), PATIENCE)
        press = threads.map(lambda user: sandbox.click_view(user, "pool.claim_row", value=str(number)), USERS)
        _acked(list(press), "claim")
    # Whoever lost reads in the list itself who was faster, and the list has nothing left to claim.
    assert sandbox.wait_until(lambda: all("The pool is empty" in read(sandbox, user) for user in USERS), PATIENCE)
    with desk.database.reading(None) as session:
        owner = select(Member.name).join(Opportunity, Opportunity.owner_id == Member.id)
        winner = session.scalars(owner.where(Opportunity.id == number)).one()
        assert session.scalar(select(func.count()).where(EventRow.kind == "Claimed")) == 1
    assert sum(f"{winner} was faster" in read(sandbox, user) for user in USERS) == RACERS - 1
    assert sum("is yours now" in read(sandbox, user) for user in USERS) == 1


def read(sandbox: Sandbox, user: str) -> str:
    return words(sandbox.view(user))
