"""After a crash, and after an answer that got lost: what Slack has is not posted again, what it has not is posted."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import SystemClock
from bot.models import OutboxRow
from bot.models.session import Database
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.reminders.rendering import Parcel, render
from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.faults import Fault
from bot.services import opportunities, outbox
from bot.services.desk import Desk
from bot.services.outbox import Address, Promise
from bot.services.recording import Recorder
from bot.slack.gateway import Gateway
from tests.conftest import Closing
from tests.factories import TeamWorld, make_lead, make_team_world

NORTH = "CNORTH"
Deliver = Callable[[], None]


def plain(desk: Desk, promise: Promise, address: Address) -> Parcel | None:
    return Parcel((promise.payload["text"], [])) if promise.kind == "plain" else render(desk, promise, address)


@pytest.fixture
def slack(closing: Closing) -> Iterator[Sandbox]:
    with closing(Sandbox(SandboxSettings(messages_per_second=None))) as sandbox:
        sandbox.add_member("UREP", "rep")
        sandbox.add_channel(NORTH, "north", ["UREP"])
        yield sandbox


@pytest.fixture
def real_world(database: Database) -> TeamWorld:
    """Two teams in the machine's own time, as Slack's history is told in it."""
    return make_team_world(Desk(database, SystemClock()), SystemClock())  # type: ignore[arg-type]


@pytest.fixture
def gateway(slack: Sandbox) -> Gateway:
    return Gateway(slack.settings.bot_token, base_url=slack.base_url)


@pytest.fixture
def deliver(real_world: TeamWorld, gateway: Gateway) -> Iterator[Deliver]:
    """Sends what is due until nothing is, without the waits between two tries."""
    made = Delivery(real_world.desk, gateway, pace=Pace(None), renderer=plain, backoff=lambda _attempts: 0.0)

    def until_nothing_is_due() -> None:
        while made.run_once():
            forget_waits(real_world)

    yield until_nothing_is_due
    made.close()


def forget_waits(world: TeamWorld) -> None:
    """Let the time pass for which leases and retries wait."""
    with world.desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).values(retry_at=0.0, leased_until=0.0))


def promise(world: TeamWorld, *texts: str, channel: str = NORTH) -> None:
    with world.desk.transaction(world.admin) as session:
        recorder = Recorder(world.desk, session, world.admin)
        for text in texts:
            recorder.promise("plain", channel, {"text": text})


def crash_before_writing(world: TeamWorld, gateway: Gateway, channel: str = NORTH) -> Promise:
    """Lease a message and post it as the delivery would, and write nothing down: the process is gone."""
    (leased,) = outbox.lease(world.desk, limit=1)
    text = leased.payload.get("text", "A card")
    metadata = {"event_type": "closeloop", "event_payload": {"key": str(leased.id)}}
    gateway.post(channel, text, metadata=metadata)
    forget_waits(world)
    return leased


def texts(slack: Sandbox, channel: str = NORTH) -> list[str]:
    return [message["text"] for message in slack.messages(channel)]


def row(world: TeamWorld, number: int) -> Any:
    with world.desk.database.reading(None) as session:
        columns = OutboxRow.__table__.c
        return session.execute(select(*columns).where(columns.id == number)).one()


def test_what_slack_has_after_a_crash_is_written_down_and_not_posted_again(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld, deliver: Deliver
) -> None:
    promise(real_world, "1", "2")
    first = crash_before_writing(real_world, gateway)
    deliver()
    assert texts(slack) == ["1", "2"]
    found = row(real_world, first.id)
    assert (found.state, found.slack_ts, found.tried_at) == ("sent", slack.messages(NORTH)[0]["ts"], 0.0)


def test_what_slack_has_not_after_a_crash_is_posted(slack: Sandbox, real_world: TeamWorld, deliver: Deliver) -> None:
    promise(real_world, "1", "2")
    outbox.lease(real_world.desk)
    forget_waits(real_world)
    deliver()
    assert texts(slack) == ["1", "2"]
    assert len(slack.calls_of("conversations.history")) == 1


def test_direct_message_that_had_arrived_is_not_posted_again(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld, deliver: Deliver
) -> None:
    promise(real_world, "for you", channel=f"member:{real_world.rep.member_id}")
    crash_before_writing(real_world, gateway, slack.dm("UREP"))
    deliver()
    assert texts(slack, slack.dm("UREP")) == ["for you"]


def test_history_is_asked_only_where_the_end_of_a_try_is_unknown(
    slack: Sandbox, real_world: TeamWorld, deliver: Deliver
) -> None:
    promise(real_world, "1")
    slack.faults.add("chat.postMessage", Fault(status=429, retry_after_seconds=0), times=1)
    deliver()
    assert texts(slack) == ["1"]
    assert slack.calls_of("conversations.history") == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(drop=True, after=True),
        Fault(drop=True),
        Fault(status=500, after=True),
        Fault(status=502),
        Fault(error="fatal_error", after=True),
    ],
    ids=["answer lost", "request lost", "500 although done", "502", "fatal error although done"],
)
def test_lost_answer_never_makes_a_message_come_twice_or_not_at_all(
    slack: Sandbox, real_world: TeamWorld, deliver: Deliver, fault: Fault
) -> None:
    promise(real_world, "1", "2")
    slack.faults.add("chat.postMessage", fault, times=1)
    deliver()
    assert texts(slack) == ["1", "2"]


def test_message_stays_unsettled_while_the_history_cannot_be_asked(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld, deliver: Deliver
) -> None:
    promise(real_world, "1", "2")
    crash_before_writing(real_world, gateway)
    slack.faults.add("conversations.history", Fault(status=429, retry_after_seconds=0), times=2)
    slack.faults.add("conversations.history", Fault(drop=True), times=2)
    deliver()
    assert texts(slack) == ["1", "2"]


def test_card_learns_where_it_stands_and_shows_the_present_state(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld, deliver: Deliver
) -> None:
    due = real_world.desk.now() + timedelta(days=1)
    lead = make_lead(real_world.desk, real_world.rep, next_step="Call", next_due_at=due).opportunity
    crash_before_writing(real_world, gateway)
    opportunities.edit(real_world.desk, lead.id, opportunities.EditForm(need="Something newer"), by=real_world.rep)
    deliver()
    (card,) = slack.messages(NORTH)
    assert "Something newer" in str(card)
    assert opportunities.view(real_world.desk, lead.id, by=real_world.rep).card_ts == card["ts"]


def test_history_is_read_page_by_page_and_only_since_the_try(slack: Sandbox, gateway: Gateway) -> None:
    ts = gateway.post(NORTH, "ours", metadata={"event_type": "closeloop", "event_payload": {"key": "7"}})
    gateway.post(NORTH, "another app's", metadata={"event_type": "other", "event_payload": {"key": "8"}})
    for number in range(210):
        gateway.post(NORTH, str(number))
    assert gateway.find(NORTH, "7", since=float(ts)) == ts
    assert gateway.find(NORTH, "7", since=float(ts) + 120) is None
    assert gateway.find(NORTH, "8", since=0.0) is None


def test_only_program_on_a_file_waits_for_what_was_on_its_way_when_it_crashed(real_world: TeamWorld) -> None:
    promise(real_world, "1")
    promise(real_world, "2", channel="CSOUTH")
    outbox.lease(real_world.desk, limit=1, seconds=15)
    outbox.release(real_world.desk)
    (other,) = outbox.lease(real_world.desk)
    assert other.payload["text"] == "2"
    seconds = outbox.wait_seconds(real_world.desk)
    assert seconds is not None
    assert 1 < seconds <= outbox.LANDING_SECONDS


def test_second_crash_right_after_the_first_does_not_cut_that_wait_short(real_world: TeamWorld) -> None:
    promise(real_world, "1")
    outbox.lease(real_world.desk, seconds=15)
    outbox.release(real_world.desk)
    outbox.release(real_world.desk)
    assert outbox.lease(real_world.desk) == ()
    seconds = outbox.wait_seconds(real_world.desk)
    assert seconds is not None
    assert 1 < seconds <= outbox.LANDING_SECONDS
