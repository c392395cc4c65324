"""The outbox: order in each channel, leases, outcomes, cards that change while they are sent, and addresses."""

import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bench.clocking import said_by
from bench.databases import bare_connection
from bench.plans import full_scans
from bot.models import Opportunity, OutboxRow, ProcessedRequest
from bot.models.session import Database
from bot.services import follow_ups, handovers, leads, members, opportunities, outbox
from bot.services.desk import Desk, system_actor
from bot.services.leads import LeadForm
from bot.services.members import Profile
from bot.services.outbox import Promise
from bot.services.recording import Recorder
from tests.factories import TeamWorld, make_lead, make_team_world


def promise(world: TeamWorld, channel: str, number: int, **options: Any) -> None:
    by = system_actor(world.rep.workspace_id)
    with world.desk.database.transaction(by.workspace_id) as session:
        Recorder(world.desk, session, by).promise("test", channel, {"number": number}, **options)


def numbers(promises: tuple[Promise, ...]) -> list[tuple[str, int]]:
    return [(one.channel, one.payload["number"]) for one in promises]


def states(database: Database) -> list[tuple[str, int, str | None]]:
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind != "dead_letter").order_by(OutboxRow.id))
        return [(row.state, row.attempts, row.error) for row in rows]


def test_of_each_channel_only_the_oldest_unsent_is_taken(team_world: TeamWorld) -> None:
    for number, channel in enumerate(("C1", "C2", "C1", "C2", "C1")):
        promise(team_world, channel, number)
    first = outbox.lease(team_world.desk)
    assert numbers(first) == [("C1", 0), ("C2", 1)]
    assert outbox.lease(team_world.desk) == ()
    outbox.sent(team_world.desk, first[0], channel="C1", ts="1.0")
    assert numbers(outbox.lease(team_world.desk)) == [("C1", 2)]
    outbox.sent(team_world.desk, first[1], channel="C2", ts="1.1")
    assert numbers(outbox.lease(team_world.desk)) == [("C2", 3)]


def test_at_most_as_many_as_asked_for_are_taken_and_the_earliest_first(team_world: TeamWorld) -> None:
    for number in range(5):
        promise(team_world, f"C{number}", number, due_at=team_world.clock.now() - timedelta(minutes=number))
    assert numbers(outbox.lease(team_world.desk, limit=2)) == [("C4", 4), ("C3", 3)]


def test_what_is_not_due_is_not_sent(team_world: TeamWorld) -> None:
    promise(team_world, "C1", 1, due_at=team_world.clock.now() + timedelta(hours=1))
    promise(team_world, "C1", 2)
    first = outbox.lease(team_world.desk)
    assert numbers(first) == [("C1", 2)]
    outbox.sent(team_world.desk, first[0], channel="C1", ts="1")
    assert outbox.lease(team_world.desk) == ()
    team_world.clock.advance(timedelta(hours=1))
    assert numbers(outbox.lease(team_world.desk)) == [("C1", 1)]


def test_after_its_lease_another_worker_takes_it(team_world: TeamWorld) -> None:
    promise(team_world, "C1", 1)
    first = outbox.lease(team_world.desk, seconds=0.05)[0]
    assert first.attempts == 1
    time.sleep(0.06)
    second = outbox.lease(team_world.desk)[0]
    assert (second.id, second.attempts) == (first.id, 2)
    outbox.sent(team_world.desk, second, channel="C1", ts="1")
    assert outbox.lease(team_world.desk) == ()


def test_of_many_workers_at_once_each_promise_is_taken_by_one(team_world: TeamWorld) -> None:
    for number in range(30):
        promise(team_world, f"C{number}", number)
    taken: list[int] = []
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait()
        while leased := outbox.lease(team_world.desk, limit=4):
            taken.extend(one.id for one in leased)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 30


def test_outcomes_are_kept(team_world: TeamWorld, database: Database) -> None:
    for number in range(3):
        promise(team_world, f"C{number}", number)
    one, two, three = outbox.lease(team_world.desk)
    outbox.sent(team_world.desk, one, channel="D1", ts="17.5")
    outbox.dropped(team_world.desk, two)
    outbox.dead(team_world.desk, three, "channel_not_found" * 1000)
    assert [(state, len(error or "")) for state, _, error in states(database)] == [
        ("sent", 0),
        ("dropped", 0),
        ("dead", 2000),
    ]
    with database.reading(None) as session:
        row = session.get_one(OutboxRow, one.id)
        assert (row.slack_channel, row.slack_ts) == ("D1", "17.5")
    assert {one.kind for one in outbox.lease(team_world.desk)} == {"dead_letter"}


def test_a_retry_waits_and_holds_up_its_own_channel_only(team_world: TeamWorld, database: Database) -> None:
    promise(team_world, "C1", 1)
    promise(team_world, "C1", 2)
    first = outbox.lease(team_world.desk)[0]
    outbox.retry(team_world.desk, first, in_seconds=0.2, error="ratelimited")
    promise(team_world, "C2", 3)
    assert numbers(outbox.lease(team_world.desk)) == [("C2", 3)]
    time.sleep(0.21)
    again = outbox.lease(team_world.desk)
    assert [(one.id, one.attempts) for one in again] == [(first.id, 2)]
    assert states(database)[0] == ("sending", 2, "ratelimited")


def test_a_promise_with_a_key_is_made_once(team_world: TeamWorld, database: Database) -> None:
    for _ in range(3):
        promise(team_world, "C1", 1, key="once")
    assert len(states(database)) == 1


def test_worker_that_lost_its_lease_changes_nothing_for_the_one_who_has_it_now(
    team_world: TeamWorld, database: Database
) -> None:
    desk = team_world.desk
    promise(team_world, "C1", 1)
    old = outbox.lease(desk, seconds=0.05)[0]
    time.sleep(0.06)
    new = outbox.lease(desk, seconds=60)[0]
    outbox.settle(desk, [outbox.ended(old, "waiting", not_begun=True)])
    outbox.dead(desk, old, "invalid_blocks")
    outbox.dropped(desk, old)
    assert states(database) == [("sending", 2, None)]
    assert outbox.lease(desk) == ()
    assert outbox.renew(desk, {new.id: new.leased_until}, seconds=60)


def test_message_that_a_worker_without_its_lease_did_send_is_sent(team_world: TeamWorld, database: Database) -> None:
    desk = team_world.desk
    promise(team_world, "C1", 1)
    old = outbox.lease(desk, seconds=0.05)[0]
    time.sleep(0.06)
    new = outbox.lease(desk, seconds=60)[0]
    outbox.sent(desk, old, channel="C1", ts="17.5")
    outbox.retry(desk, new, in_seconds=0.0, error="no answer")
    assert states(database) == [("sent", 2, None)]
    assert outbox.lease(desk) == ()


# --- cards


def card(world: TeamWorld) -> Promise:
    return next(one for one in outbox.lease(world.desk) if one.kind == "card")


def test_many_changes_of_one_opportunity_make_one_card(team_world: TeamWorld, database: Database) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    for number in range(5):
        form = opportunities.EditForm(need=f"Need of {number}")
        opportunities.edit(team_world.desk, lead.id, form, by=team_world.rep)
    assert [state for state, _, _ in states(database)] == ["waiting"]


def test_a_card_remembers_where_it_stands_without_a_new_version(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    outbox.card_posted(team_world.desk, card(team_world), lead.id, "CNORTH", "17.5")
    shown = opportunities.view(team_world.desk, lead.id, by=team_world.rep)
    assert (shown.card_channel, shown.card_ts, shown.version) == ("CNORTH", "17.5", lead.version)
    assert opportunities.by_thread(team_world.desk, "CNORTH", "17.5", by=team_world.rep) == lead.id
    assert opportunities.by_thread(team_world.desk, "CNORTH", "17.6", by=team_world.rep) is None


def test_a_card_that_changes_while_it_is_sent_is_sent_again_and_never_by_two(
    team_world: TeamWorld, database: Database
) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    first = card(team_world)
    opportunities.edit(team_world.desk, lead.id, opportunities.EditForm(need="Newer"), by=team_world.rep)
    # The first one is still on its way: nobody else may post it meanwhile.
    assert outbox.lease(team_world.desk) == ()
    outbox.card_posted(team_world.desk, first, lead.id, "CNORTH", "17.5")
    second = card(team_world)
    assert second.id == first.id
    outbox.sent(team_world.desk, second, channel="CNORTH", ts="17.5")
    assert states(database)[0][0] == "sent"
    assert outbox.lease(team_world.desk) == ()


def test_card_that_changed_since_is_not_taken_for_sent_by_a_worker_that_lost_its_lease(
    team_world: TeamWorld, database: Database
) -> None:
    desk = team_world.desk
    lead = make_lead(desk, team_world.rep).opportunity
    old = next(one for one in outbox.lease(desk, seconds=0.05) if one.kind == "card")
    opportunities.edit(desk, lead.id, opportunities.EditForm(need="Newer"), by=team_world.rep)
    time.sleep(0.06)
    new = card(team_world)
    outbox.card_posted(desk, old, lead.id, "CNORTH", "17.5")
    assert states(database)[0][0] == "sending"
    assert opportunities.view(desk, lead.id, by=team_world.rep).card_ts == "17.5"
    assert outbox.renew(desk, {new.id: new.leased_until}, seconds=60)


def test_a_card_that_slack_refused_is_tried_again_with_the_next_change(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    outbox.dead(team_world.desk, card(team_world), "channel_not_found")
    follow_ups.snooze(team_world.desk, lead.id, team_world.clock.now() + timedelta(days=1), by=team_world.rep)
    assert {one.kind for one in outbox.lease(team_world.desk)} == {"dead_letter"}
    opportunities.edit(team_world.desk, lead.id, opportunities.EditForm(need="Newer"), by=team_world.rep)
    assert card(team_world).attempts == 1


# --- addresses


def test_a_member_is_addressed_in_their_own_language_and_zone(desk: Desk, team_world: TeamWorld) -> None:
    profile = Profile("UREP", "Rep", zone="America/New_York", locale="zh-TW")
    for one in (profile, replace(profile, is_active=False)):
        members.refresh(desk, team_world.rep.workspace_id, one)
    promise(team_world, f"member:{team_world.rep.member_id}", 1)
    address = outbox.address(desk, outbox.lease(desk)[0])
    assert (address.slack_id, address.locale, address.zone) == ("UREP", "zh-CN", "America/New_York")
    assert (address.is_member, address.is_active, address.actor.member_id) == (True, False, team_world.rep.member_id)


def test_a_channel_is_addressed_in_its_teams_language_and_zone(team_world: TeamWorld) -> None:
    promise(team_world, "CNORTH", 1)
    promise(team_world, "CSTRANGE", 2)
    north, strange = (outbox.address(team_world.desk, one) for one in outbox.lease(team_world.desk))
    assert (north.slack_id, north.locale, north.zone, north.is_member) == ("CNORTH", "en-US", "Asia/Shanghai", False)
    assert (strange.slack_id, strange.zone) == ("CSTRANGE", "UTC")
    assert north.actor.role == "system"


def test_an_offer_is_pending_until_it_is_answered(team_world: TeamWorld) -> None:
    form = LeadForm.read({"customer_name": "Acme", "need": "n"})
    shown = leads.capture(team_world.desk, form, by=team_world.specialist).opportunity
    offer = next(one for one in outbox.lease(team_world.desk) if one.kind == "offer")
    number = offer.payload["assignment_id"]
    assert offer.payload == {"opportunity_id": shown.id, "assignment_id": number}
    assert outbox.is_pending(team_world.desk, offer, number)
    assert not outbox.is_pending(team_world.desk, offer, 999_999)
    assert shown.owner is not None
    owner = team_world.rep if shown.owner.name == "Rep" else team_world.rep2
    handovers.accept(team_world.desk, shown.id, by=owner)
    assert not outbox.is_pending(team_world.desk, offer, number)


def test_old_requests_and_settled_messages_are_forgotten(team_world: TeamWorld, database: Database) -> None:
    make_lead(team_world.desk, team_world.rep.with_key("evt-1"))
    promise(team_world, "C9", 1)
    for one in outbox.lease(team_world.desk):
        if one.channel != "C9":
            outbox.sent(team_world.desk, one, channel="C", ts="1")
    team_world.clock.advance(timedelta(hours=23))
    outbox.purge(team_world.desk)
    with database.reading(None) as session:
        assert session.query(ProcessedRequest).count() == 1
    team_world.clock.advance(timedelta(days=31))
    outbox.purge(team_world.desk)
    with database.reading(None) as session:
        assert session.query(ProcessedRequest).count() == 0
        assert [row.channel for row in session.query(OutboxRow)] == ["C9"]
        assert session.query(Opportunity).count() == 1


def test_undelivered_message_that_nobody_acted_on_is_forgotten_after_three_months(
    team_world: TeamWorld, database: Database
) -> None:
    promise(team_world, "C1", 1)
    outbox.dead(team_world.desk, outbox.lease(team_world.desk)[0], "is_archived")
    team_world.clock.advance(timedelta(days=89))
    outbox.purge(team_world.desk)
    assert [state for state, _, _ in states(database)] == ["dead"]
    team_world.clock.advance(timedelta(days=2))
    outbox.purge(team_world.desk)
    assert states(database) == []


def test_purge_goes_by_an_index_in_batches_until_all_that_is_old_is_gone(
    team_world: TeamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_FORGOTTEN_AT_ONCE", 3)
    for number in range(7):
        promise(team_world, f"C{number}", number)
    for one in outbox.lease(team_world.desk):
        outbox.sent(team_world.desk, one, channel="C", ts="1")
    promise(team_world, "C9", 9)
    team_world.clock.advance(timedelta(days=31))
    said = said_by(database, lambda: outbox.purge(team_world.desk))
    assert [row for row in states(database) if row[0] == "sent"] == []
    assert sum(statement.startswith("DELETE FROM outbox") for statement, _, _ in said) == 3
    with closing(bare_connection(database.url.replace("+psycopg", ""))) as connection:
        assert not full_scans(connection, [one[:2] for one in said], is_sparse=True)


def test_two_workspaces_keep_their_order_apart(team_world: TeamWorld) -> None:
    other = make_team_world(team_world.desk, team_world.clock, slack_team_id="T2", suffix=" B")
    promise(team_world, "CSAME", 1)
    promise(other, "CSAME", 2)
    leased = [one for one in outbox.lease(team_world.desk) if one.kind == "test"]
    assert {one.workspace_id for one in leased} == {team_world.rep.workspace_id, other.rep.workspace_id}


@pytest.mark.parametrize("channel", ["member:999999"])
def test_a_member_who_does_not_exist_has_no_address(team_world: TeamWorld, channel: str) -> None:
    promise(team_world, channel, 1)
    with pytest.raises(KeyError):
        outbox.address(team_world.desk, outbox.lease(team_world.desk)[0])
