"""The program is killed at random moments under load, while Slack misbehaves: nothing acked is lost, nothing comes twice.

A round is a kill and a new start while the load goes on. On PostgreSQL requests and delivery are processes of their own.
"""

import copy
import hashlib
import hmac
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import select

from bot.clock import SystemClock
from bot.models import Customer, Opportunity, OutboxRow
from bot.models.session import Database
from bot.sandbox import Fault, Sandbox, SandboxSettings
from bot.services import members, teams
from bot.services.desk import Actor, Desk
from bot.services.members import Profile
from bot.services.recording import Recorder
from tests.integration.conftest import AROUND_THE_CLOCK, SETTINGS

pytestmark = pytest.mark.alone

CARDS = "CCARDS"
CHANNELS = [f"CSEQ{number:02}" for number in range(40)]
USERS = [f"U{number:02}" for number in range(8)]
_ROOT = Path(__file__).parents[2]
_FAULTS = {
    "429": Fault(status=429, retry_after_seconds=1),
    "500": Fault(status=500),
    "500 although done": Fault(status=500, after=True),
    "502": Fault(status=502),
    "connection dropped": Fault(drop=True),
    "answer dropped": Fault(drop=True, after=True),
    "slow": Fault(delay_seconds=1.0),
}


class Mischief:
    """Has one call in six go wrong, and counts what it did."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.injected: Counter[str] = Counter()

    def __call__(self, method: str, args: Mapping[str, Any]) -> Fault | None:
        with self._lock:
            if self._random.random() > 1 / 6:
                return None
            name = self._random.choice(list(_FAULTS))
            self.injected[name] += 1
        return _FAULTS[name]


class Programs:
    """Starts closeloop's processes, and kills them."""

    def __init__(self, sandbox: Sandbox, url: str, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            "SLACK_BOT_TOKEN": sandbox.settings.bot_token,
            "SLACK_SIGNING_SECRET": sandbox.settings.signing_secret,
            "SLACK_API_URL": sandbox.base_url,
            "DATABASE_URL": url,
            "TICK_SECONDS": "0.2",
            "CHANNEL_MESSAGES_PER_SECOND": "10000",
            "WORKSPACE_MESSAGES_PER_SECOND": "10000",
            "LOG_LEVEL": "ERROR",
        }
        self.port = _free_port()
        self.said = folder / "said.txt"
        self._said = self.said.open("w")
        plain = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        self._forking = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.forking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=folder,
            env={**plain, "PYTHONPATH": str(_ROOT)},
        )
        self.running: dict[str, int] = {}

    def start(self, role: str) -> None:
        arguments = ["run", "--role", role, *([] if role == "worker" else ["--http"])]
        environment = {**self._environment, "PORT": str(self.port)}
        assert self._forking.stdin is not None
        assert self._forking.stdout is not None
        self._forking.stdin.write(json.dumps({"arguments": arguments, "environment": environment}) + "\n")
        self._forking.stdin.flush()
        self.running[role] = int(self._forking.stdout.readline())

    def kill(self, role: str) -> None:
        process_id = self.running.pop(role)
        try:
            os.kill(process_id, signal.SIGKILL)
            while True:
                os.kill(process_id, 0)
                time.sleep(0.005)
        except ProcessLookupError:
            return

    def end(self) -> None:
        for role in list(self.running):
            self.kill(role)
        self._forking.kill()
        self._forking.communicate()
        self._said.close()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"the program did not begin to listen: {self.said.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Load:
    """Goes on submitting forms and promising messages, whatever happens to the program.

    ``acked`` are the customers whose form was answered; ``promised`` counts the messages of each channel, numbered from 0.
    """

    def __init__(self, programs: Programs, desk: Desk, admin: Actor, template: dict[str, Any], secret: str) -> None:
        self._programs, self._desk, self._admin = programs, desk, admin
        self._template, self._secret = template, secret
        self.acked: list[str] = []
        self.promised: Counter[str] = Counter()
        self.stopping = threading.Event()
        people = {user: members.remember(desk, "T0SANDBOX", Profile(user, user)) for user in USERS}
        self._places = [*CHANNELS, *(f"member:{actor.member_id}" for actor in people.values())]
        self._threads = [threading.Thread(target=work) for work in (self._submit, self._submit, self._promise)]
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def _promise(self) -> None:
        chance = random.Random(1)
        while not self.stopping.wait(0.02):
            place = chance.choice(self._places)
            with self._desk.transaction(self._admin) as session:
                params = {"member": f"n{self.promised[place]}"}
                payload = {"key": "notice.collision", "params": {**params, "customer": "x"}}
                Recorder(self._desk, session, self._admin).promise("notice", place, payload)
            self.promised[place] += 1

    def _submit(self) -> None:
        while not self.stopping.is_set():
            with self._lock:
                customer = f"Customer{next(self._numbers):06}"
            payload = self._payload(customer)
            # Whoever gets no answer tries again, with the very same form.
            while not self._is_acked(payload):
                if self.stopping.wait(0.02):
                    return
            self.acked.append(customer)
            self.stopping.wait(0.05)

    def _payload(self, customer: str) -> dict[str, Any]:
        payload = copy.deepcopy(self._template)
        payload["view"]["id"] = f"V{customer}"
        payload["trigger_id"] = customer
        values = payload["view"]["state"]["values"]["customer"]
        next(iter(values.values()))["selected_option"]["value"] = f"new:{customer} Works"
        return payload

    def _is_acked(self, payload: dict[str, Any]) -> bool:
        body = urllib.parse.urlencode({"payload": json.dumps(payload)})
        at = str(int(SystemClock().now().timestamp()))
        digest = hmac.new(self._secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._programs.port}/slack/events",
            data=body.encode(),
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "x-slack-request-timestamp": at,
                "x-slack-signature": f"v0={digest}",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                said = answer.read().decode()
        except (OSError, HTTPException):
            return False
        assert '"errors"' not in said, said
        return True


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(messages_per_second=None, keep_calls=1000)) as running:
        for user in [*USERS, "UADMIN"]:
            running.add_member(user, user.lower())
        for channel in [CARDS, *CHANNELS]:
            running.add_channel(channel, channel.lower(), [*USERS, "UADMIN"])
        running.add_command("/lead")
        yield running


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, SystemClock())


@pytest.fixture
def admin(desk: Desk) -> Actor:
    found = members.remember(desk, "T0SANDBOX", Profile("UADMIN", "Ada", is_slack_admin=True))
    for user in USERS:
        members.remember(desk, "T0SANDBOX", Profile(user, user))
    form = teams.TeamForm(name="Chaos", channel_id=CARDS, manager="UADMIN", reps=tuple(USERS), **AROUND_THE_CLOCK)
    teams.setup(desk, form, by=found)
    return found


@pytest.fixture
def programs(sandbox: Sandbox, database_url: str, tmp_path: Path) -> Iterator[Programs]:
    made = Programs(sandbox, database_url, tmp_path)
    yield made
    made.end()


def test_twenty_kills_under_load_lose_nothing_and_double_nothing(
    sandbox: Sandbox, programs: Programs, desk: Desk, admin: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        check_chaos(sandbox, programs, desk, admin, rounds=20)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_three_hundred_kills_under_load_lose_nothing_and_double_nothing(
    sandbox: Sandbox, programs: Programs, desk: Desk, admin: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        check_chaos(sandbox, programs, desk, admin, rounds=300)


def check_chaos(sandbox: Sandbox, programs: Programs, desk: Desk, admin: Actor, *, rounds: int) -> None:
    """Kill and start again under load, then let everything come to rest and look at what is there."""
    roles = ["all"] if desk.database.is_sqlite else ["web", "worker"]
    for role in roles:
        programs.start(role)
    programs.wait_until_it_answers()
    template = _submitted_form(sandbox, programs)
    chance, mischief = random.Random(rounds), Mischief(rounds)
    sandbox.faults.rule = mischief
    with Load(programs, desk, admin, template, sandbox.settings.signing_secret) as load:
        for _ in range(rounds):
            time.sleep(chance.uniform(0.1, 0.9))
            victims = chance.sample(roles, chance.randint(1, len(roles)))
            for role in victims:
                programs.kill(role)
            for role in victims:
                programs.start(role)
        programs.wait_until_it_answers()
        time.sleep(0.5)
    sandbox.faults.clear()
    assert sandbox.wait_until(lambda: not _open(desk), 90), f"not kept: {_open(desk)}"
    print(  # noqa: T201 - the figures of the run
        f"\nchaos/{'sqlite' if desk.database.is_sqlite else 'postgresql'}: {rounds} rounds, "
        f"{sum(mischief.injected.values())} faults {dict(mischief.injected)}, {len(load.acked)} forms acked, "
        f"{sum(load.promised.values())} messages promised, {len(_captured(desk))} cards"
    )
    _check(sandbox, desk, load)


def _submitted_form(sandbox: Sandbox, programs: Programs) -> dict[str, Any]:
    """Capture one lead as a member does, and return what the program was sent."""
    sandbox.connect_http(f"http://127.0.0.1:{programs.port}/slack/events")
    assert sandbox.command(USERS[0], "/lead", "Template Works, need", channel=CARDS).ok
    assert sandbox.wait_until(lambda: sandbox.view(USERS[0]) is not None, 10)
    answer = sandbox.submit(USERS[0])
    assert answer.ok, (answer.error, answer.errors)
    return dict(answer.payload)


def _check(sandbox: Sandbox, desk: Desk, load: Load) -> None:
    captured = _captured(desk)
    assert max(captured.values()) == 1, "captured twice"
    assert set(load.acked) <= captured.keys(), "acked and lost"
    cards = _keys(sandbox, CARDS)
    assert len(cards) == len(captured), "not one card for each"
    assert max(cards.values()) == 1, "a card was posted twice"
    with desk.database.reading(None) as session:
        ends = Counter(session.scalars(select(OutboxRow.state)))
        people = {
            row.id: row.slack_user_id
            for row in session.execute(select(members.Member.id, members.Member.slack_user_id))
        }
    assert set(ends) == {"sent"}
    for place, count in load.promised.items():
        number = place.removeprefix("member:")
        channel = place if number == place else sandbox.dm(str(people[int(number)]))
        said = [message["text"].split()[1] for message in sandbox.messages(channel)]
        assert said == [f"n{number}" for number in range(count)], f"{place}: {said}"
    assert not sandbox.violations


def _keys(sandbox: Sandbox, channel: str) -> Counter[str]:
    return Counter(str(message["metadata"]["event_payload"]["key"]) for message in sandbox.messages(channel))


def _captured(desk: Desk) -> Counter[str]:
    with desk.database.reading(None) as session:
        names = session.scalars(select(Customer.name).join(Opportunity, Opportunity.customer_id == Customer.id)).all()
    return Counter(name.split()[0] for name in names)


def _open(desk: Desk) -> list[Any]:
    with desk.database.reading(None) as session:
        columns = OutboxRow.__table__.c
        open_ones = select(columns.id, columns.state, columns.attempts, columns.error, columns.tried_at)
        return list(session.execute(open_ones.where(columns.state.in_(("waiting", "sending")))).all())
