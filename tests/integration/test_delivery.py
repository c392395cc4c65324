"""Delivery of promised messages: pace, waits, order in a channel, what is dropped and what is given up."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot import logs
from bot.clock import FakeClock, SystemClock
from bot.errors import Blocked, RateLimited, Rejected, Unavailable
from bot.models import OutboxRow
from bot.reminders import scheduler
from bot.reminders.delivery import LEASE_SECONDS, Delivery
from bot.reminders.pace import Pace, backoff_seconds
from bot.reminders.rendering import Parcel
from bot.reminders.scheduler import Scheduler, Ticker
from bot.services import dead_letters, follow_ups, handovers, opportunities, outbox, pool, stages, teams
from bot.services.desk import Desk
from bot.services.edits import EditForm
from bot.services.outbox import Address, Promise
from bot.services.recording import Recorder
from bot.services.stages import WinForm
from bot.services.teams import TeamForm
from bot.slack.gateway import Page
from tests.factories import TeamWorld, make_lead, make_team


class RecordingSlack:
    """A Slack that remembers what it was sent, and refuses what it was told to refuse.

    ``refusals`` are raised one after the other, each once; ``calls`` are (method, channel, text, blocks).
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str, list[dict[str, Any]]]] = []
        self.metadata: list[Any] = []
        self.refusals: list[Exception] = []
        self._lock = threading.Lock()

    def post(
        self, channel: str, text: str, blocks: Any = None, *, metadata: Any = None, thread_ts: str | None = None
    ) -> str:
        return self._take("post", channel, text, blocks, metadata)

    def update(self, channel: str, ts: str, text: str, blocks: Any = None, *, metadata: Any = None) -> None:
        self._take("update", channel, text, blocks, metadata)

    def open_dm(self, user: str) -> str:
        return f"D{user[1:]}"

    def find(self, channel: str, key: str, *, since: float, until: float, cursor: str | None = None) -> Page:
        return Page()

    def _take(self, method: str, channel: str, text: str, blocks: Any, metadata: Any) -> str:
        with self._lock:
            if self.refusals:
                raise self.refusals.pop(0)
            self.calls.append((method, channel, text, blocks))
            self.metadata.append(metadata)
            return f"{len(self.calls)}.0"

    def texts(self, channel: str) -> list[str]:
        return [text for _, where, text, _ in self.calls if where == channel]


@pytest.fixture
def slack() -> RecordingSlack:
    return RecordingSlack()


@pytest.fixture
def delivery(desk: Desk, slack: RecordingSlack) -> Iterator[Delivery]:
    made = Delivery(desk, slack, pace=Pace(None), backoff=lambda _attempts: 0.0)
    yield made
    made.close()


def promise(world: TeamWorld, *texts: str, channel: str = "CNORTH") -> None:
    """Promise plain notices; the key is the text that the plain renderer shows."""
    with world.desk.transaction(world.admin) as session:
        recorder = Recorder(world.desk, session, world.admin)
        for text in texts:
            recorder.promise("plain", channel, {"text": text})


def plain(_desk: Desk, promised: Promise, _address: Address) -> Parcel | None:
    if promised.kind in {"dead_letter", "notice"}:
        return None
    text = promised.payload["text"]
    if text == "defect":
        raise RuntimeError("this one cannot be rendered")
    return None if text == "untrue" else Parcel((text, []))


@pytest.fixture
def plain_delivery(desk: Desk, slack: RecordingSlack) -> Iterator[Delivery]:
    made = Delivery(desk, slack, pace=Pace(None), renderer=plain, backoff=lambda _attempts: 0.0)
    yield made
    made.close()


def states(desk: Desk, kind: str = "plain") -> list[str]:
    with desk.database.reading(None) as session:
        return list(session.scalars(select(OutboxRow.state).where(OutboxRow.kind == kind).order_by(OutboxRow.id)))


def deliver_all(made: Delivery) -> int:
    handled = 0
    while count := made.run_once():
        handled += count
    return handled


def test_messages_of_a_channel_arrive_in_the_order_they_were_promised(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack
) -> None:
    promise(team_world, "1", "2", "3")
    promise(team_world, "a", "b", channel="CSOUTH")
    assert deliver_all(plain_delivery) == 5
    assert slack.texts("CNORTH") == ["1", "2", "3"]
    assert slack.texts("CSOUTH") == ["a", "b"]
    assert states(team_world.desk) == ["sent"] * 5


def test_order_is_kept_when_the_first_one_fails_at_first(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack
) -> None:
    promise(team_world, "1", "2")
    slack.refusals = [Unavailable("internal_error"), Unavailable("internal_error")]
    deliver_all(plain_delivery)
    assert slack.texts("CNORTH") == ["1", "2"]


def test_rate_limit_is_waited_for_and_other_channels_go_on(
    team_world: TeamWorld, desk: Desk, slack: RecordingSlack
) -> None:
    made = Delivery(desk, slack, pace=Pace(None), threads=1, renderer=plain, backoff=lambda _attempts: 0.0)
    promise(team_world, "1", "2")
    promise(team_world, "a", channel="CSOUTH")
    slack.refusals = [RateLimited(3600)]
    deliver_all(made)
    made.close()
    assert slack.texts("CNORTH") == []
    assert slack.texts("CSOUTH") == ["a"]
    assert states(desk) == ["waiting", "waiting", "sent"]


def test_untrue_promise_is_dropped_without_a_word(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack
) -> None:
    promise(team_world, "untrue", "true")
    deliver_all(plain_delivery)
    assert slack.texts("CNORTH") == ["true"]
    assert states(team_world.desk) == ["dropped", "sent"]


def test_what_slack_refuses_for_good_is_kept_aside_and_does_not_stop_the_rest(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack, caplog: pytest.LogCaptureFixture
) -> None:
    promise(team_world, "1", "2")
    slack.refusals = [Rejected("is_archived")]
    deliver_all(plain_delivery)
    assert slack.texts("CNORTH") == ["2"]
    assert states(team_world.desk) == ["dead", "sent"]
    assert "is_archived" in caplog.text


def test_defect_of_one_message_is_given_up_after_a_few_tries_and_logged_with_its_number(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack, caplog: pytest.LogCaptureFixture
) -> None:
    promise(team_world, "defect", "after it")
    assert deliver_all(plain_delivery) == 6 + 1  # and what tells the admin
    assert slack.texts("CNORTH") == ["after it"]
    assert states(team_world.desk) == ["dead", "sent"]
    assert "this one cannot be rendered" in caplog.text
    assert "given up after 5 attempts" in caplog.text


def test_slack_that_stays_away_is_given_up_only_after_many_tries(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack
) -> None:
    promise(team_world, "1")
    slack.refusals = [Unavailable("http_503")] * 40
    assert deliver_all(plain_delivery) == 30 + 1  # and what tells the admin
    assert states(team_world.desk) == ["dead"]


def test_each_message_carries_its_number_for_those_who_look_for_doubles(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack
) -> None:
    promise(team_world, "1", "2")
    deliver_all(plain_delivery)
    keys = [one["event_payload"]["key"] for one in slack.metadata]
    assert len(set(keys)) == 2
    assert {one["event_type"] for one in slack.metadata} == {"closeloop"}


class Watch:
    """The machine's clock, which tests move on beyond what really passes."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def seconds(self) -> float:
        return SystemClock().now().timestamp() + self.ahead


class SlowSlack(RecordingSlack):
    """Has a message on its way until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.has_it, self.let_go = threading.Event(), threading.Event()

    def post(self, channel: str, text: str, *rest: Any, **more: Any) -> str:
        self.has_it.set()
        self.let_go.wait(30)
        return super().post(channel, text, *rest, **more)


def test_worker_that_froze_beyond_its_lease_does_not_make_the_message_come_twice(
    team_world: TeamWorld, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, slack = Watch(), SlowSlack()
    monkeypatch.setattr(outbox, "real_seconds", watch.seconds)
    frozen, thawed = threading.Event(), threading.Event()

    def freezing(_desk: Desk, promised: Promise, _address: Address) -> Parcel:
        frozen.set()
        thawed.wait(30)
        return Parcel((promised.payload["text"], []))

    workers = [
        Delivery(desk, slack, pace=Pace(None), renderer=render, backoff=lambda _attempts: 0.0)
        for render in (freezing, plain, plain)
    ]
    first, second, third = workers
    promise(team_world, "once")
    threads = [threading.Thread(target=one.run_once) for one in (first, second)]
    threads[0].start()
    assert frozen.wait(10)
    watch.ahead += LEASE_SECONDS + 1
    threads[1].start()
    assert slack.has_it.wait(10)
    thawed.set()
    threads[0].join(10)
    assert not threads[0].is_alive()
    assert third.run_once() == 0, "the one that is posting has it"
    slack.let_go.set()
    threads[1].join(10)
    for one in workers:
        one.close()
    assert slack.texts("CNORTH") == ["once"]
    assert states(desk) == ["sent"]


def test_one_channel_gets_one_message_a_second_and_others_do_not_wait() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))

    pace = Pace(1.0, monotonic=lambda: now[0], sleep=sleep)
    for channel in ("C1", "C2", "C1", "C1"):
        pace.wait(channel)
    assert slept == [1.0, 2.0]
    now[0] = 200.0
    pace.wait("C1")
    assert slept == [1.0, 2.0]


def test_pace_forgets_channels_that_may_have_their_next_message_anyway() -> None:
    now = [0.0]
    pace = Pace(1.0, monotonic=lambda: now[0], sleep=lambda _seconds: None)
    for number in range(1002):
        pace.wait(f"C{number}")
        now[0] += 2
    assert len(pace._free_at) < 10


def test_waits_double_up_to_half_an_hour_and_are_spread() -> None:
    assert [backoff_seconds(attempts, chance=lambda: 0.5) for attempts in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff_seconds(500, chance=lambda: 0.5) == 1800
    assert backoff_seconds(3, chance=lambda: 0.0) == 2
    assert backoff_seconds(3, chance=lambda: 1.0) == 6


def test_card_is_posted_once_and_then_replaced(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    deliver_all(delivery)
    opportunities.note(team_world.desk, lead.id, "A word", by=team_world.rep)
    log_follow_up(team_world, lead.id, days=1)
    deliver_all(delivery)
    assert [call[:2] for call in slack.calls] == [("post", "CNORTH"), ("update", "CNORTH")]


def test_card_whose_message_is_gone_is_posted_anew(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    deliver_all(delivery)
    log_follow_up(team_world, lead.id, days=1)
    slack.refusals = [Rejected("message_not_found")]
    deliver_all(delivery)
    assert [call[:2] for call in slack.calls] == [("post", "CNORTH"), ("post", "CNORTH")]
    assert opportunities.view(team_world.desk, lead.id, by=team_world.rep).card_ts == "2.0"


@pytest.mark.parametrize(
    ("refusals", "calls", "state"),
    [
        ([], [("update", "CNORTH"), ("post", "CSOUTH")], "sent"),
        ([Rejected("message_not_found")], [("post", "CSOUTH")], "dropped"),
        ([Rejected("invalid_blocks")], [("post", "CSOUTH")], "dead"),
    ],
)
def test_card_of_what_another_team_claimed_says_where_it_went_and_a_new_one_is_posted_there(
    team_world: TeamWorld,
    delivery: Delivery,
    slack: RecordingSlack,
    refusals: list[Exception],
    calls: list[tuple[str, str]],
    state: str,
) -> None:
    world, desk = team_world, team_world.desk
    lead = make_lead(desk, world.rep).opportunity
    pool.release(desk, lead.id, "Not my region", by=world.rep)
    deliver_all(delivery)
    world.clock.advance(timedelta(days=7))
    with desk.database.transaction(None) as session:
        # What else fell due in a week is not looked at here.
        session.execute(update(OutboxRow).values(state="sent"))
    pool.claim(desk, lead.id, by=world.other_rep)
    slack.calls, slack.refusals = [], list(refusals)
    with desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.kind == "notice").values(state="sent"))
        # The one whose answer is looked at goes first.
        session.execute(
            update(OutboxRow).where(OutboxRow.key == f"card:{lead.id}").values(due_at=desk.now() + timedelta(seconds=1))
        )
    deliver_all(delivery)
    world.clock.advance(timedelta(seconds=1))
    deliver_all(delivery)
    # What admins are told of a message that was refused is another matter.
    assert [call[:2] for call in slack.calls if call[1] != "DADMIN"] == calls
    assert states(desk, "card_moved") == [state]


def test_card_that_slack_refuses_otherwise_is_kept_aside(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    deliver_all(delivery)
    log_follow_up(team_world, lead.id, days=1)
    slack.refusals = [Rejected("invalid_blocks")]
    deliver_all(delivery)
    assert states(team_world.desk, "card") == ["dead"]


def log_follow_up(world: TeamWorld, opportunity_id: int, *, days: int) -> None:
    form = follow_ups.FollowUpForm(
        opportunity_id=opportunity_id,
        said="Called",
        next_step="Call again",
        next_due_at=world.clock.now() + timedelta(days=days),
    )
    follow_ups.log(world.desk, form, by=world.rep)


def late_lead(world: TeamWorld, **overrides: Any) -> int:
    """Capture a lead whose next step falls due in an hour."""
    due = world.clock.now() + timedelta(hours=1)
    return make_lead(world.desk, world.rep, next_step="Call them", next_due_at=due, **overrides).opportunity.id


def test_owner_is_reminded_in_their_own_channel_when_the_step_falls_due(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    late_lead(team_world)
    Ticker(team_world.desk, delivery).advance_to(clock.now() + timedelta(hours=1), clock)
    (text,) = slack.texts("DREP")
    assert text.startswith("1 opportunity needs you")


def test_reminder_is_dropped_when_the_owner_acted_before_it_was_sent(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    done, lost, given, snoozed = (late_lead(team_world) for _ in range(4))
    ticker = Ticker(desk, delivery)
    clock.advance(timedelta(hours=1))
    ticker.sweep()
    log_follow_up(team_world, done, days=1)
    stages.win(desk, WinForm(opportunity_id=lost, reason="fit", amount="1"), by=team_world.rep)
    handovers.reassign(desk, given, "UREPTWO", None, by=team_world.manager)
    follow_ups.snooze(desk, snoozed, clock.now() + timedelta(hours=2), by=team_world.rep)
    ticker.deliver()
    assert states(desk, "nudge") == ["dropped"]
    assert not [text for text in slack.texts("DREP") if "needs you" in text]


def test_bundle_keeps_what_is_still_true(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    done = late_lead(team_world, customer_name="Walnut Robotics North")
    late_lead(team_world, customer_name="Thistle Optics South")
    ticker = Ticker(desk, delivery)
    clock.advance(timedelta(hours=1))
    ticker.sweep()
    log_follow_up(team_world, done, days=1)
    ticker.deliver()
    assert slack.texts("DREP") == ["1 opportunity needs you: Thistle Optics South"]


def test_manager_is_told_when_reminders_do_not_help(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    late_lead(team_world)
    Ticker(team_world.desk, delivery).advance_to(clock.now() + timedelta(days=8), clock)
    assert [text for text in slack.texts("DMANAGER") if "of your team needs help" in text]
    nudges = [text for text in slack.texts("DREP") if "needs you" in text]
    lists = [text for text in slack.texts("DREP") if text.startswith("Today")]
    assert nudges
    assert len(lists) >= 5, "after that the morning list says it, each working day"


def test_digest_is_posted_once_each_working_day(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    ticker = Ticker(team_world.desk, delivery)
    ticker.advance_to(clock.now() + timedelta(days=7), clock)
    ticker.run_once()
    digests = [text for text in slack.texts("CNORTH") if text.startswith("Daily digest of North")]
    assert len(digests) == 5


def test_yesterdays_digest_is_not_posted_today(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    ticker = Ticker(desk, delivery)
    clock.advance(timedelta(days=1, minutes=1))
    ticker.sweep()
    clock.advance(timedelta(days=1))
    ticker.deliver()
    assert set(states(desk, "digest")) == {"dropped"}
    assert slack.texts("CNORTH") == []


def test_handover_reaches_the_new_owner_and_is_dropped_once_withdrawn(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = late_lead(team_world)
    handovers.offer(desk, lead, "UREPTWO", "On holiday", by=team_world.rep)
    deliver_all(delivery)
    assert len(slack.texts("DREPTWO")) == 1
    other = late_lead(team_world)
    handovers.offer(desk, other, "UREPTWO", None, by=team_world.rep)
    handovers.accept(desk, other, by=team_world.rep2)
    deliver_all(delivery)
    assert len(slack.texts("DREPTWO")) == 1
    assert states(desk, "handover") == ["sent", "dropped"]


def test_assigned_lead_is_offered_to_the_member_that_the_rules_chose(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    make_lead(desk, team_world.rep, mine=False)
    make_lead(desk, team_world.manager, mine=False)
    deliver_all(delivery)
    assert len(slack.texts("DREP")) + len(slack.texts("DREPTWO")) == 2


def test_notice_reaches_the_one_it_concerns_in_their_language(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = late_lead(team_world, customer_name="Osprey Textiles East")
    stages.win(desk, WinForm(opportunity_id=lead, reason="fit", amount="1"), by=team_world.rep)
    deliver_all(delivery)
    (text,) = slack.texts("DMANAGER")
    assert text.startswith("🏆 Rep won Osprey Textiles East (Need ")


def test_former_owner_is_told_by_name_of_what_they_may_not_open_any_more(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = late_lead(team_world)
    with desk.transaction(team_world.admin) as session:
        Recorder(desk, session, team_world.admin).tell(
            team_world.other_rep.member_id, "notice.recycled", opportunity_id=lead
        )
    deliver_all(delivery)
    ((_, _, text, blocks),) = [call for call in slack.calls if call[1] == "DOTHERREP"]
    assert "was taken back to the pool" in text
    assert [block["type"] for block in blocks] == ["section"]


def test_offer_that_was_answered_before_it_was_sent_is_dropped(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    lead = make_lead(desk, team_world.manager, mine=False).opportunity
    assert lead.owner is not None
    chosen = team_world.rep if lead.owner.id == team_world.rep.member_id else team_world.rep2
    handovers.accept(desk, lead.id, by=chosen)
    deliver_all(delivery)
    assert states(desk, "offer") == ["dropped"]


def test_manager_who_was_replaced_is_not_told_of_what_they_may_not_see(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    late_lead(team_world)
    ticker = Ticker(desk, delivery)
    clock.advance(timedelta(days=8))
    ticker.sweep()
    make_team(
        desk,
        by=team_world.admin,
        manager=team_world.admin,
        name="North",
        team_id=team_world.team.id,
        reps=(team_world.rep,),
    )
    ticker.deliver()
    assert not [text for text in slack.texts("DMANAGER") if "needs help" in text]
    assert states(desk, "escalation") == ["dropped"]


def test_notice_about_no_opportunity_is_one_sentence(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    with desk.transaction(team_world.admin) as session:
        Recorder(desk, session, team_world.admin).tell(team_world.rep.member_id, "setup.who_can")
    deliver_all(delivery)
    assert len(slack.texts("DREP")) == 1


def test_promise_about_what_does_not_exist_any_more_is_dropped(
    team_world: TeamWorld, desk: Desk, delivery: Delivery
) -> None:
    with desk.transaction(team_world.admin) as session:
        recorder = Recorder(desk, session, team_world.admin)
        recorder.promise("card", "CNORTH", {"opportunity_id": 10**9})
        recorder.promise("digest", "CSOUTH", {"team_id": 10**9, "day": "2026-03-02"})
    deliver_all(delivery)
    assert states(desk, "card") == ["dropped"]
    assert states(desk, "digest") == ["dropped"]


def test_nobody_writes_to_members_who_left(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack
) -> None:
    from bot.models import Member  # noqa: PLC0415 - only this test deactivates somebody

    with desk.transaction(team_world.admin) as session:
        recorder = Recorder(desk, session, team_world.admin)
        recorder.tell(team_world.rep.member_id, "setup.who_can")
        session.execute(update(Member).where(Member.id == team_world.rep.member_id).values(is_active=False))
    deliver_all(delivery)
    assert states(desk, "notice") == ["dropped"]


def test_clock_goes_on_in_steps_while_a_message_waits_for_slack(
    team_world: TeamWorld, desk: Desk, delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    make_lead(desk, team_world.rep)
    slack.refusals = [RateLimited(3600)]
    until = clock.now() + timedelta(days=2)
    Ticker(desk, delivery).advance_to(until, clock)
    assert clock.now() == until


def test_scheduler_ticks_by_itself_and_a_failing_tick_does_not_end_it(
    team_world: TeamWorld, desk: Desk, plain_delivery: Delivery, slack: RecordingSlack, caplog: pytest.LogCaptureFixture
) -> None:
    arrived, failed = threading.Event(), threading.Event()
    seen: list[str] = []

    class Stumbling(Ticker):
        def sweep(self) -> int:
            seen.append(logs.current_id())
            assert logs.current_id() == seen[-1], "one id for the whole tick"
            failed.set()
            raise RuntimeError("the sweep stumbled")

        def deliver(self) -> int:
            count = super().deliver()
            if slack.calls:
                arrived.set()
            return count

    promise(team_world, "1")
    scheduler = Scheduler(desk, Stumbling(desk, plain_delivery), seconds=0.05)
    scheduler.start()
    try:
        assert arrived.wait(10)
        assert failed.wait(10)
        arrived.clear()
        promise(team_world, "2")
        scheduler.wake()
        assert arrived.wait(10)
    finally:
        scheduler.stop()
    assert "the tick sweep failed" in caplog.text
    assert seen
    assert len(set(seen)) == len(seen), "each tick has an id of its own"


def test_purge_forgets_what_was_settled_a_month_ago(
    team_world: TeamWorld, desk: Desk, plain_delivery: Delivery, clock: FakeClock
) -> None:
    promise(team_world, "1")
    deliver_all(plain_delivery)
    clock.advance(timedelta(days=31))
    outbox.purge(desk)
    assert states(desk) == []


def test_a_part_of_the_sweep_that_fails_stops_none_of_the_others(
    team_world: TeamWorld, delivery: Delivery, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    assert lead.next_due_at is not None

    def fail(_desk: Desk) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(scheduler, "_PARTS", (("broken", fail), *scheduler._PARTS))
    clock.set(lead.next_due_at)
    with pytest.raises(ExceptionGroup, match="parts of the sweep failed"):
        Ticker(team_world.desk, delivery).sweep()
    assert states(team_world.desk, "nudge") == ["waiting"]


def test_a_worker_that_was_killed_with_a_message_in_hand_is_no_refusal(
    team_world: TeamWorld, desk: Desk, slack: RecordingSlack
) -> None:
    tries: list[int] = []

    def noted(count: int) -> float:
        tries.append(count)
        return 0.0

    promise(team_world, "1")
    for _ in range(40):
        assert outbox.lease(desk, seconds=-1.0), "its lease is over at once, as if nobody had lived to renew it"
    slack.refusals = [Unavailable("http_500", may_be_done=False)]
    deliver_all(Delivery(desk, slack, pace=Pace(None), renderer=plain, backoff=noted))
    assert tries == [1], "the channel does not wait for half an hour, and the message is not given up"
    assert slack.texts("CNORTH") == ["1"]


# --- what only an admin can mend


def test_what_waits_for_an_admin_is_tried_for_days(
    team_world: TeamWorld, plain_delivery: Delivery, slack: RecordingSlack, clock: FakeClock
) -> None:
    promise(team_world, "1")
    slack.refusals = [Blocked("not_in_channel")] * 40
    deliver_all(plain_delivery)
    assert slack.texts("CNORTH") == ["1"], "thirty tries are one night"
    promise(team_world, "2")
    clock.advance(timedelta(days=8))
    slack.refusals = [Blocked("not_in_channel")] * 40
    deliver_all(plain_delivery)
    assert states(team_world.desk) == ["sent", "dead"]


def test_first_success_after_a_refused_token_has_all_tried_at_once(
    team_world: TeamWorld, desk: Desk, slack: RecordingSlack
) -> None:
    made = Delivery(desk, slack, pace=Pace(None), threads=1, renderer=plain, backoff=lambda _attempts: 3600.0)
    promise(team_world, "1")
    promise(team_world, "a", channel="CSOUTH")
    promise(team_world, "alone", channel="CALONE")
    slack.refusals = [Blocked("token_revoked"), Blocked("token_revoked"), Blocked("not_in_channel")]
    made.run()
    assert slack.calls == []
    promise(team_world, "new", channel="CNEW")
    made.run()
    made.close()
    assert sorted(text for _, _, text, _ in slack.calls if not text.startswith("⚠️")) == ["1", "a", "new"]
    # A program that starts, perhaps with a new token, tries all of it.
    outbox.hurry(desk)
    again = Delivery(desk, slack, pace=Pace(None), renderer=plain)
    again.run()
    again.close()
    assert slack.texts("CALONE") == ["alone"]


# --- a team that takes another channel


def take_channel(world: TeamWorld, channel: str) -> None:
    """Have the team take another channel; all else of it stays."""
    form = {"team_id": world.team.id, "name": world.team.name, "channel_id": channel, "manager": "UMANAGER"}
    people = {"reps": ("UREP", "UREPTWO"), "specialists": ("USPECIALIST",), "zone": "Asia/Shanghai"}
    teams.setup(world.desk, TeamForm.read({**form, **people}), by=world.admin)


def test_what_waits_for_a_channel_or_was_refused_there_goes_to_the_one_that_the_team_takes(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    make_lead(team_world.desk, team_world.rep)
    make_lead(team_world.desk, team_world.other_rep)
    slack.refusals = [Rejected("is_archived"), Rejected("is_archived")]
    deliver_all(delivery)
    make_lead(team_world.desk, team_world.rep, customer_name="Walnut Robotics")
    take_channel(team_world, "CNEW")
    deliver_all(delivery)
    assert [one for one in slack.calls if one[1] == "CNORTH"] == []
    assert len([one for one in slack.texts("CNEW") if "Walnut Robotics" in one]) == 1
    letters, _ = dead_letters.listed(team_world.desk, by=team_world.admin)
    assert sorted(str(one.channel) for one in letters) == ["CNEW", "CSOUTH"], "another team's stays where it is"
    for one in letters:
        dead_letters.resend(team_world.desk, one.id, by=team_world.admin)
    deliver_all(delivery)
    assert len(slack.texts("CNEW")) == 2


def test_card_that_stands_in_the_former_channel_is_posted_in_the_new_one_when_it_changes(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    desk, rep = team_world.desk, team_world.rep
    lead = make_lead(desk, rep).opportunity
    deliver_all(delivery)
    take_channel(team_world, "CNEW")
    slack.calls.clear()
    for need in ("Something newer", "Something newer still"):
        opportunities.edit(desk, lead.id, EditForm(need=need), by=rep)
        deliver_all(delivery)
    assert [(method, channel) for method, channel, *_ in slack.calls] == [
        ("post", "CNEW"),
        ("update", "CNORTH"),
        ("update", "CNEW"),
    ]
    assert "moved to North <#CNEW>" in str(slack.calls[1][3])
    assert opportunities.view(desk, lead.id, by=rep).card_channel == "CNEW"


def test_former_channel_that_the_bot_has_left_is_let_be(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    desk, rep = team_world.desk, team_world.rep
    lead = make_lead(desk, rep).opportunity
    deliver_all(delivery)
    take_channel(team_world, "CNEW")
    opportunities.edit(desk, lead.id, EditForm(need="Something newer"), by=rep)
    assert delivery.run_once() == 1
    slack.refusals = [Blocked("not_in_channel")]
    deliver_all(delivery)
    assert states(desk, "card_moved") == ["dropped"]
    assert slack.texts("DADMIN") == []
