"""Slack's rates, kept by all workers together: a channel, the workspace, and what Slack itself asks for."""

import threading
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select, update

from bench.clocking import said_by
from bench.databases import bare_connection
from bench.plans import full_scans
from bot.models import ChannelPace, OutboxRow
from bot.models.session import Database
from bot.services import outbox, pacing
from bot.services.desk import Desk
from bot.services.outbox import Promise
from bot.services.outcomes import Outcome
from bot.services.pacing import Rates
from bot.services.recording import Recorder
from tests.factories import TeamWorld

SLOW = Rates(channel_seconds=100.0, workspace_per_second=3.0)


def promise(world: TeamWorld, *channels: str) -> None:
    with world.desk.transaction(world.admin) as session:
        recorder = Recorder(world.desk, session, world.admin)
        for channel in channels:
            recorder.promise("test", channel, {})


def channels(promises: tuple[Promise, ...]) -> list[str]:
    return [one.channel for one in promises]


def sent(desk: Desk, promises: tuple[Promise, ...]) -> None:
    for one in promises:
        outbox.sent(desk, one, channel=one.channel, ts="1.0")


def free_at(desk: Desk, channel: str) -> float:
    with desk.database.reading(None) as session:
        return float(session.scalar(select(ChannelPace.free_at).where(ChannelPace.channel == channel)) or 0.0)


def pass_time(desk: Desk, seconds: float) -> None:
    """Let so many seconds pass for every pace."""
    with desk.database.transaction(None) as session:
        session.execute(update(ChannelPace).values(free_at=ChannelPace.free_at - seconds))


def limited(one: Promise, seconds: float) -> Outcome:
    return outbox.ended(one, "waiting", wait_seconds=seconds, limited_seconds=seconds)


def test_channel_takes_its_next_message_only_when_it_is_free(team_world: TeamWorld) -> None:
    desk = team_world.desk
    promise(team_world, "C1", "C1", "C2")
    first = outbox.lease(desk, rates=SLOW)
    assert channels(first) == ["C1", "C2"]
    sent(desk, first)
    assert outbox.lease(desk, rates=SLOW) == ()
    seconds = outbox.wait_seconds(desk, SLOW)
    assert seconds is not None
    assert 90 < seconds <= 100
    pass_time(desk, 100)
    assert channels(outbox.lease(desk, rates=SLOW)) == ["C1"]


def test_workspace_takes_a_seconds_worth_at_once_and_then_its_rate(team_world: TeamWorld) -> None:
    desk = team_world.desk
    promise(team_world, *(f"C{number}" for number in range(8)))
    first = outbox.lease(desk, rates=SLOW)
    assert len(first) == 3
    assert outbox.lease(desk, rates=SLOW) == ()
    seconds = outbox.wait_seconds(desk, SLOW)
    assert seconds is not None
    assert seconds <= 1 / 3
    pass_time(desk, 1 / 3)
    assert len(outbox.lease(desk, rates=SLOW)) == 1
    pass_time(desk, 10)
    assert len(outbox.lease(desk, rates=SLOW)) == 3


def test_many_workers_together_keep_to_the_workspaces_rate(team_world: TeamWorld) -> None:
    desk = team_world.desk
    promise(team_world, *(f"C{number:02}" for number in range(40)))
    rates = Rates(channel_seconds=100.0, workspace_per_second=7.0)
    taken: list[int] = []
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait()
        for _ in range(4):
            taken.extend(one.id for one in outbox.lease(desk, limit=5, rates=rates))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken))
    # Seven at once; the machine's clock went on while they asked, though not by seconds.
    assert 7 <= len(taken) <= 28


def test_channel_that_slack_wants_left_alone_is_left_alone_by_every_worker(team_world: TeamWorld) -> None:
    desk = team_world.desk
    fast = Rates(channel_seconds=0.001, workspace_per_second=1000.0)
    promise(team_world, "C1", "C2", "C1")
    (one, _) = outbox.lease(desk, rates=fast)
    outbox.settle(desk, [limited(one, 60.0)], fast)
    assert free_at(desk, "C1") > outbox.real_seconds() + 50
    assert free_at(desk, pacing.WORKSPACE) < outbox.real_seconds() + 1
    promise(team_world, "C3")
    assert channels(outbox.lease(desk, rates=fast)) == ["C3"]


def test_two_such_channels_at_once_mean_the_whole_workspace(team_world: TeamWorld) -> None:
    desk = team_world.desk
    fast = Rates(channel_seconds=0.001, workspace_per_second=1000.0)
    promise(team_world, "C1", "C2", "C3")
    one, two, _ = outbox.lease(desk, rates=fast)
    outbox.settle(desk, [limited(one, 30.0)], fast)
    outbox.settle(desk, [limited(two, 60.0)], fast)
    promise(team_world, "C4")
    assert outbox.lease(desk, rates=fast) == ()
    pass_time(desk, 61)
    assert channels(outbox.lease(desk, rates=fast)) == ["C4"]


@pytest.mark.parametrize("rate", [0.5, 1.0, 5.0, 250.0])
def test_room_never_exceeds_a_seconds_worth_and_grows_with_time(rate: float) -> None:
    rates = Rates(channel_seconds=1.0, workspace_per_second=rate)
    burst = max(1, int(rate))
    assert pacing.room(0.0, rates, 1000.0) == burst
    full = 1000.0 + burst / rate
    assert pacing.room(full, rates, 1000.0) == 0
    opens = pacing.opens_at(full, rates)
    assert pacing.room(full, rates, opens) == 1
    assert pacing.room(full, rates, opens - 0.01 / rate) == 0
    assert pacing.room(full + 3600, rates, 1000.0) == 0


def test_lease_is_kept_by_renewing_and_lost_to_whoever_took_it_meanwhile(team_world: TeamWorld) -> None:
    desk = team_world.desk
    promise(team_world, "C1", "C2")
    one, two = outbox.lease(desk, seconds=10)
    leases = {each.id: each.leased_until for each in (one, two)}
    kept = outbox.renew(desk, leases, seconds=20)
    assert set(kept) == {one.id, two.id}
    with desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == two.id).values(leased_until=0.0))
    (other,) = outbox.lease(desk, seconds=10)
    assert (other.id, other.tried_at > 0) == (two.id, True)
    assert set(outbox.renew(desk, kept, seconds=20)) == {one.id}
    assert outbox.renew(desk, {}, seconds=20) == {}


def test_message_that_slack_may_have_goes_before_all_others_of_its_channel(team_world: TeamWorld) -> None:
    desk = team_world.desk
    promise(team_world, "C1")
    (one,) = outbox.lease(desk)
    unsettled: dict[str, Any] = {"tried_at": outbox.real_seconds(), "error": "no answer"}
    outbox.settle(desk, [outbox.ended(one, "waiting", **unsettled)])
    with team_world.desk.transaction(team_world.admin) as session:
        earlier = team_world.desk.now().replace(year=2020)
        Recorder(desk, session, team_world.admin).promise("test", "C1", {}, due_at=earlier)
    assert [each.id for each in outbox.lease(desk)] == [one.id]


def test_lease_looks_at_the_paces_of_its_own_channels_only(team_world: TeamWorld, database: Database) -> None:
    desk = team_world.desk
    promise(team_world, "C1", "C2")
    said = said_by(database, lambda: outbox.lease(desk, rates=SLOW))
    paces = [one[:2] for one in said if "FROM channel_pace" in one[0]]
    assert paces
    with closing(bare_connection(database.url.replace("+psycopg", ""))) as connection:
        if not database.is_sqlite:
            # A lease forbids it for its transaction, so that heads are found in the order of their index.
            connection.execute("SET enable_sort = off")
        assert not full_scans(connection, paces, is_sparse=True)
