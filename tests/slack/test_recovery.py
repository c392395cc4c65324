"""After a crash, and after an answer that got lost: what Slack has is not posted again, what it has not is posted."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.clock import SystemClock
from bot.models import Member, OutboxRow
from bot.models.session import Database
from bot.reminders import looking as look
from bot.reminders.delivery import Delivery
from bot.reminders.looking import Looking
from bot.reminders.pace import Pace
from bot.reminders.rendering import Parcel, render
from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.faults import Fault
from bot.services import dead_letters, leads, members, opportunities, outbox, outcomes
from bot.services.desk import Desk
from bot.services.leads import LeadForm
from bot.services.outbox import Address, Promise
from bot.services.pacing import Rates
from bot.services.recording import Recorder
from bot.slack.gateway import Gateway
from tests.conftest import Closing
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.conftest import AROUND_THE_CLOCK

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
    return make_team_world(Desk(database, SystemClock()), SystemClock(), **AROUND_THE_CLOCK)  # type: ignore[arg-type]


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


def test_message_of_which_nobody_may_look_whether_it_came_is_kept_aside_and_holds_nothing_up(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld, deliver: Deliver
) -> None:
    slack.add_member("UADMIN", "admin")
    with real_world.desk.database.transaction(None) as session:
        # They hear of what could not be delivered in the hours of their team.
        in_team = update(Member).where(Member.id == real_world.admin.member_id).values(team_id=real_world.team.id)
        session.execute(in_team)
    promise(real_world, "1", "2", channel=f"member:{real_world.rep.member_id}")
    first = crash_before_writing(real_world, gateway, slack.dm("UREP"))
    slack.faults.add("conversations.history", Fault(error="missing_scope"), times=2)
    deliver()
    assert texts(slack, slack.dm("UREP")) == ["1", "2"]
    assert (row(real_world, first.id).state, row(real_world, first.id).error) == ("dead", "arrival_unknown")
    told = "\n".join(texts(slack, slack.dm("UADMIN")))
    assert "1 message could not be delivered" in told
    assert "(missing_scope)" in told
    # With the scope still missing it stays aside; with the scope it is found.
    for state in ("dead", "sent"):
        dead_letters.resend(real_world.desk, first.id, by=real_world.admin)
        deliver()
        assert row(real_world, first.id).state == state
    assert texts(slack, slack.dm("UREP")) == ["1", "2"]


def test_history_that_wants_patience_holds_up_what_is_to_be_looked_for_and_nobody_else(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld
) -> None:
    rates = Rates(channel_seconds=0.001, workspace_per_second=1000.0)
    begun = [f"CBEGUN{number}" for number in range(6)]
    for channel in begun:
        slack.add_channel(channel, channel.lower(), ["UREP"])
        promise(real_world, "begun", channel=channel)
    outbox.lease(real_world.desk)
    forget_waits(real_world)
    slack.faults.add("conversations.history", Fault(status=429, retry_after_seconds=60), times=6)
    made = Delivery(real_world.desk, gateway, pace=Pace(None), rates=rates, renderer=plain)
    try:
        made.run()
        promise(real_world, "fresh")
        made.run()
        assert texts(slack) == ["fresh"]
        assert [texts(slack, channel) for channel in begun] == [[]] * 6
        assert len(slack.calls_of("conversations.history")) == 1, "one is told for all"
    finally:
        made.close()


@pytest.fixture
def outside(closing: Closing) -> Iterator[Sandbox]:
    """Slack as it is for apps outside its Marketplace: 15 messages of history, once a minute."""
    with closing(Sandbox(SandboxSettings(messages_per_second=None, history_per_minute=1))) as sandbox:
        sandbox.add_member("UREP", "rep")
        sandbox.add_channel(NORTH, "north", ["UREP"])
        yield sandbox


class Minutes:
    """Lets the minutes pass for which a worker waits, and Slack's own count with them."""

    def __init__(self, sandbox: Sandbox, world: TeamWorld, delivery: Delivery) -> None:
        self._sandbox, self._world, self._delivery = sandbox, world, delivery

    def pass_by(self, count: int) -> None:
        for _ in range(count):
            forget_waits(self._world)
            self._delivery._sending._looking._turns[1].free_at = 0.0
            self._sandbox._server.desk.history_rate._buckets.clear()
            while self._delivery.run_once():
                pass


def talk(gateway: Gateway, count: int) -> None:
    """Let colleagues write in the channel."""
    for number in range(count):
        gateway.post(NORTH, f"talk {number}")


def test_busy_channel_is_looked_through_a_page_a_minute_until_the_message_is_found(
    outside: Sandbox, real_world: TeamWorld
) -> None:
    gateway = Gateway(outside.settings.bot_token, base_url=outside.base_url)
    promise(real_world, "1", "2")
    first = crash_before_writing(real_world, gateway)
    talk(gateway, 40)
    made = Delivery(real_world.desk, gateway, pace=Pace(None), renderer=plain, backoff=lambda _attempts: 0.0)
    try:
        made.run()
        assert row(real_world, first.id).state == "waiting"
        Minutes(outside, real_world, made).pass_by(2)
        assert row(real_world, first.id).state == "sent"
        assert [text for text in texts(outside) if not text.startswith("talk")] == ["1", "2"]
    finally:
        made.close()


def test_what_colleagues_wrote_long_after_the_try_is_not_looked_through(
    outside: Sandbox, real_world: TeamWorld
) -> None:
    gateway = Gateway(outside.settings.bot_token, base_url=outside.base_url)
    promise(real_world, "1", "2")
    outbox.lease(real_world.desk, limit=1)
    forget_waits(real_world)
    with real_world.desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.tried_at > 0.0).values(tried_at=OutboxRow.tried_at - 600.0))
    talk(gateway, 40)
    made = Delivery(real_world.desk, gateway, pace=Pace(None), renderer=plain, backoff=lambda _attempts: 0.0)
    try:
        made.run()
        assert [text for text in texts(outside) if not text.startswith("talk")] == ["1", "2"]
        assert len(outside.calls_of("conversations.history")) == 1
    finally:
        made.close()


def test_search_that_takes_too_long_is_given_up_and_the_channel_goes_on(
    outside: Sandbox, real_world: TeamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "_MOST_LOOKS", 2)
    gateway = Gateway(outside.settings.bot_token, base_url=outside.base_url)
    promise(real_world, "1", "2")
    first = crash_before_writing(real_world, gateway)
    talk(gateway, 60)
    made = Delivery(real_world.desk, gateway, pace=Pace(None), renderer=plain, backoff=lambda _attempts: 0.0)
    minutes = Minutes(outside, real_world, made)
    try:
        made.run()
        minutes.pass_by(1)
        found = row(real_world, first.id)
        assert (found.state, found.error) == ("dead", "arrival_unseen")
        assert [text for text in texts(outside) if not text.startswith("talk")] == ["1", "2"]
        # Sent again it is still looked for first.
        dead_letters.resend(real_world.desk, first.id, by=real_world.admin)
        minutes.pass_by(1)
        assert row(real_world, first.id).state == "waiting"
    finally:
        made.close()


def test_second_crash_after_a_search_in_vain_makes_no_double(
    slack: Sandbox, gateway: Gateway, real_world: TeamWorld, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(real_world, "1")
    (leased,) = outbox.lease(real_world.desk)
    forget_waits(real_world)
    with real_world.desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).values(tried_at=OutboxRow.tried_at - 600.0))
    made = Delivery(real_world.desk, gateway, pace=Pace(None), renderer=plain, backoff=lambda _attempts: 0.0)
    with monkeypatch.context() as crashing:
        crashing.setattr(outcomes, "write", lambda *_args, **_more: None)
        made.run_once()
        made.close()
    assert (texts(slack), row(real_world, leased.id).state) == (["1"], "sending")
    forget_waits(real_world)
    deliver()
    assert texts(slack) == ["1"]
    assert row(real_world, leased.id).state == "sent"


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


def test_history_is_read_page_by_page_and_only_around_the_try(slack: Sandbox, gateway: Gateway) -> None:
    ts = gateway.post(NORTH, "ours", metadata={"event_type": "closeloop", "event_payload": {"key": "7"}})
    gateway.post(NORTH, "another app's", metadata={"event_type": "other", "event_payload": {"key": "8"}})
    for number in range(210):
        gateway.post(NORTH, str(number))
    posted_at = float(ts)
    looking = Looking(gateway)

    def find(key: str, **span: float) -> str | None:
        return looking.find(1, NORTH, key, **{"since": posted_at, "until": posted_at + 60, **span})

    assert find("7") == ts
    assert find("7", since=posted_at + 120, until=posted_at + 180) is None
    assert find("7", since=posted_at - 300, until=posted_at - 120) is None
    assert find("8", since=0.0) is None


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


def test_what_came_while_an_answer_got_lost_is_told_in_a_message_of_its_own(
    slack: Sandbox, real_world: TeamWorld, deliver: Deliver
) -> None:
    slack.add_member("UMANAGER", "manager")
    for one in (real_world.rep, real_world.rep2):
        members.set_away(real_world.desk, SystemClock().now() + timedelta(days=2), by=one)
    lost = []

    def capture(name: str) -> None:
        form = LeadForm.read({"customer_name": name, "need": "n", "confirmed_new": True})
        leads.capture(real_world.desk, form, by=real_world.specialist)

    def rule(method: str, args: Mapping[str, Any]) -> Fault | None:
        if lost or method != "chat.postMessage" or not args["text"].startswith("🏊"):
            return None
        lost.append(args["text"])
        capture("Kestrel Works")
        return Fault(drop=True, after=True)

    capture("Osprey Works")
    capture("Heron Works")
    slack.faults.rule = rule
    deliver()
    assert "2 opportunities" in lost[0]
    # What follows the first waits for the next two hours.
    with real_world.desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).values(due_at=SystemClock().now()))
    deliver()
    first, second = (one for one in slack.messages(slack.dm("UMANAGER")) if one["text"].startswith("🏊"))
    assert first["text"] == lost[0]
    assert {name for name in ("Osprey", "Heron", "Kestrel") if name in str(second)} == {"Heron", "Kestrel"}
