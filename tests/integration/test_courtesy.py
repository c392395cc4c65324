"""Nobody is told at night or on leave what nobody waits for: looked at when it is sent, not only when it is promised."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import FakeClock
from bot.errors import CustomerProtected, Rejected
from bot.models import Opportunity, OutboxRow
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.reminders.scheduler import Ticker
from bot.services import absences, dead_letters, leads, members, rulings, stages, sweep
from bot.services.desk import Actor, Desk
from bot.services.leads import LeadForm
from bot.services.members import Profile
from bot.services.recording import Recorder
from bot.services.stages import LossForm
from bot.slack.gateway import Page
from tests.factories import WORKSPACE, TeamWorld, make_lead
from tests.integration.disputing import asked, registered, taken
from tests.integration.running import A_GRADE, SHANGHAI, at
from tests.integration.test_morning_lists import TimedSlack, planned


class ForgetfulSlack(TimedSlack):
    """One whose history holds what an earlier try posted, where ``known`` says so."""

    known: str | None = None

    def find(self, channel: str, key: str, *, since: float, until: float, cursor: str | None = None) -> Page:
        return Page(self.known)


@pytest.fixture
def slack(clock: FakeClock) -> ForgetfulSlack:
    made = ForgetfulSlack()
    made.clock = clock
    return made


@pytest.fixture
def ticker(desk: Desk, slack: ForgetfulSlack) -> Iterator[Ticker]:
    delivery = Delivery(desk, slack, pace=Pace(None), backoff=lambda _attempts: 0.0)
    yield Ticker(desk, delivery)
    delivery.close()


def heard(slack: TimedSlack, by: Actor) -> list[tuple[datetime, str]]:
    """Return what came to a member: when, on Shanghai's clock, and the text beside it."""
    channel = f"D{(by.slack_user_id or '')[1:]}"
    return [(when.astimezone(SHANGHAI), text) for when, text, _ in slack.to(channel)]


def hour(day: int, hours: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hours, minute, tzinfo=SHANGHAI)


def state(desk: Desk, kind: str) -> list[str]:
    with desk.database.reading(None) as session:
        return list(session.scalars(select(OutboxRow.state).where(OutboxRow.kind == kind).order_by(OutboxRow.id)))


def test_a_nudge_that_comes_to_be_sent_at_night_waits_and_the_list_of_the_morning_says_it(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    planned(team_world, "Osprey", at(2, 17, 50))
    clock.set(at(2, 17, 50))
    sweep.due(team_world.desk)
    clock.set(at(2, 23, 30))
    ticker.run_once()
    assert heard(slack, team_world.rep) == []
    ticker.advance_to(at(3, 10), clock)
    ((when, text),) = heard(slack, team_world.rep)
    assert when == hour(3, 9)
    assert text.startswith("Today")
    assert state(team_world.desk, "nudge")[0] == "dropped"


def test_an_escalation_waits_for_the_managers_hours_and_comes_even_on_leave(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    members.set_away(team_world.desk, at(20, 9), by=team_world.manager)
    clock.set(at(3, 11))
    sweep.due(team_world.desk)
    clock.set(at(3, 22))
    ticker.run_once()
    assert heard(slack, team_world.manager) == []
    ticker.advance_to(at(4, 12), clock)
    ((when, text),) = heard(slack, team_world.manager)
    assert (when, "needs help" in text) == (hour(4, 9, 1), True)


def test_who_goes_away_after_it_was_promised_hears_of_it_when_they_are_back(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    desk = team_world.desk
    lost = planned(team_world, "Walnut", at(20, 9))
    stages.lose(desk, LossForm(opportunity_id=lost, reason="price"), by=team_world.rep)
    with desk.database.transaction(None) as session:
        # A review that falls due at the same time: no list of a morning ever finds it.
        values = {"review_due_at": at(3, 17, 30), "attention_at": at(3, 17, 30)}
        session.execute(update(Opportunity).where(Opportunity.id == lost).values(**values))
    planned(team_world, "Osprey", at(3, 17, 30))
    clock.set(at(3, 17, 30))
    sweep.due(desk)
    members.set_away(desk, at(6, 9), by=team_world.rep)
    ticker.advance_to(at(6, 8, 59), clock)
    assert heard(slack, team_world.rep) == []
    ticker.advance_to(at(6, 10), clock)
    (morning, after) = heard(slack, team_world.rep)
    assert morning[0] == hour(6, 9)
    assert "Osprey" in morning[1]
    assert after[0] == hour(6, 9, 1)
    assert "Walnut" in after[1]
    assert "Osprey" not in after[1]


def test_who_said_away_in_the_evening_gets_no_list_in_the_morning(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    planned(team_world, "Osprey", at(3, 19))
    ticker.advance_to(at(3, 22), clock)
    said = len(heard(slack, team_world.rep))
    absences.set_away(team_world.desk, at(6, 9), by=team_world.rep)
    ticker.advance_to(at(5, 18), clock)
    assert heard(slack, team_world.rep)[said:] == []
    ticker.advance_to(at(6, 12), clock)
    assert [when for when, _ in heard(slack, team_world.rep)[said:]] == [hour(6, 9)]


def test_a_warning_is_told_in_working_hours_even_to_who_went_away_meanwhile(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    ticker.advance_to(at(16, 10, 59), clock)
    said = len(heard(slack, team_world.rep))
    clock.set(at(16, 11))
    sweep.due(team_world.desk)
    members.set_away(team_world.desk, at(27, 9), by=team_world.rep)
    ticker.advance_to(at(16, 12), clock)
    ((when, _),) = heard(slack, team_world.rep)[said:]
    assert when == hour(16, 11)


def test_an_offer_and_a_notice_of_the_evening_come_in_the_morning(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    clock.set(at(2, 20))
    leads.capture(team_world.desk, LeadForm.read({"customer_name": "Acme", "need": "n"}), by=team_world.specialist)
    with team_world.desk.transaction(team_world.admin) as session:
        recorder = Recorder(team_world.desk, session, team_world.admin)
        recorder.tell(team_world.manager.member_id, "departure.returned", member="Anna", count=2)
    ticker.advance_to(at(3, 8, 59), clock)
    reps = (team_world.rep, team_world.rep2)
    assert [heard(slack, one) for one in (*reps, team_world.manager)] == [[], [], []]
    ticker.advance_to(at(3, 9, 2), clock)
    offers = [when for one in reps for when, text in heard(slack, one) if "Acme" in text]
    assert offers == [hour(3, 9, 1)], "its four hours count from nine on"
    assert [when for when, _ in heard(slack, team_world.manager)] == [hour(3, 9, 1)]


def test_what_only_an_admin_can_mend_is_told_at_once_at_any_hour(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    clock.set(at(2, 20))
    with team_world.desk.transaction(team_world.rep) as session:
        dead_letters.tell_blocked(team_world.desk, session, team_world.rep.workspace_id, "CNORTH", "not_in_channel")
    ticker.advance_to(at(2, 20, 1), clock)
    ((_, text),) = heard(slack, team_world.admin)
    assert "/invite" in text


def test_an_offer_that_would_lapse_before_its_readers_morning_comes_at_once(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    for slack_id, name in (("UREP", "Rep"), ("UREPTWO", "Rep Two")):
        profile = Profile(slack_id, name, f"{slack_id.lower()}@team.test", "America/New_York")
        members.remember(team_world.desk, WORKSPACE, profile)
    clock.set(at(3, 9))
    leads.capture(team_world.desk, LeadForm.read({"customer_name": "Acme", "need": "n"}), by=team_world.specialist)
    ticker.run_once()
    # Nine in Shanghai is eight in the evening of New York; the team asks for an answer within the day.
    told = [when for one in (team_world.rep, team_world.rep2) for when, text in heard(slack, one) if "Acme" in text]
    assert told == [hour(3, 9)]


def test_what_answers_the_members_own_request_does_not_wait_behind_what_waits(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    number = make_lead(team_world.desk, team_world.rep, customer_name="Acme Ltd").opportunity.id
    clock.set(at(2, 21))
    with team_world.desk.transaction(team_world.admin) as session:
        recorder = Recorder(team_world.desk, session, team_world.admin)
        for count in (2, 3):
            recorder.tell(team_world.other_rep.member_id, "departure.returned", member="Anna", count=count)
    ticker.run_once()
    with pytest.raises(CustomerProtected):
        make_lead(team_world.desk, team_world.other_rep, customer_name="Acme Ltd")
    rulings.ask(team_world.desk, number, "Mine", by=team_world.other_rep)
    ticker.run_once()
    ((when, _),) = heard(slack, team_world.other_rep)
    assert when == hour(2, 21)
    ticker.advance_to(at(3, 9, 1), clock)
    told = [text for when, text in heard(slack, team_world.other_rep) if when == hour(3, 9, 1)]
    assert ["2" in told[0], "3" in told[1]] == [True, True], "in the order in which they were promised"


@pytest.mark.parametrize("known", ["7.0", None])
def test_one_that_slack_may_have_is_looked_for_before_it_waits(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker, known: str | None
) -> None:
    planned(team_world, "Osprey", at(2, 17, 50))
    clock.set(at(2, 17, 50))
    sweep.due(team_world.desk)
    with team_world.desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.kind == "nudge").values(tried_at=1.0))
    slack.known = known
    clock.set(at(2, 23))
    ticker.run_once()
    with team_world.desk.database.reading(None) as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.kind == "nudge")).one()
        found = (row.state, row.slack_ts, row.tried_at, row.attempts)
    # Where it is not there it waits, holds up nobody, and the look was no try.
    assert found == (("sent", "7.0", 0.0, 1) if known else ("waiting", None, 0.0, 0))


def test_the_weekly_comes_in_the_managers_own_hours(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    profile = Profile("UMANAGER", "Manager", "umanager@team.test", "America/New_York")
    members.remember(team_world.desk, WORKSPACE, profile)
    make_lead(team_world.desk, team_world.rep)
    ticker.advance_to(at(9, 9, 40), clock)
    assert "weekly" in _kinds(team_world.desk)
    assert all(when.astimezone(UTC) < at(9, 9, 30) for when, _ in heard(slack, team_world.manager))
    ticker.advance_to(at(9, 23), clock)
    # Nine in the morning of New York, and a minute; its clocks have changed the day before.
    weekly = [when for when, text in heard(slack, team_world.manager) if "week" in text.lower()]
    assert weekly == [hour(9, 21, 1)]


def _kinds(desk: Desk) -> list[str]:
    with desk.database.reading(None) as session:
        return list(session.scalars(select(OutboxRow.kind)))


def test_a_list_whose_morning_was_missed_is_not_sent_beside_todays(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    desk = team_world.desk
    planned(team_world, "Osprey", at(3, 20))
    lost = planned(team_world, "Walnut", at(20, 9))
    stages.lose(desk, LossForm(opportunity_id=lost, reason="price", win_back=True), by=team_world.rep)
    with desk.database.transaction(None) as session:
        values = {"win_back_on": at(4, 9).astimezone(SHANGHAI).date(), "attention_at": at(4, 9)}
        session.execute(update(Opportunity).where(Opportunity.id == lost).values(**values))
    ticker.advance_to(at(3, 19), clock)
    said = len(heard(slack, team_world.rep))
    # On Wednesday the clock ticks, but nothing can be sent.
    for moment in (at(4, 9), at(4, 9, 5), at(5, 9)):
        clock.set(moment)
        sweep.due(desk)
        sweep.focus(desk)
    ticker.run_once()
    ticker.advance_to(at(5, 9) + timedelta(minutes=5), clock)
    morning, after = heard(slack, team_world.rep)[said:]
    assert (morning[0], morning[1].startswith("Today")) == (hour(5, 9), True)
    assert "Osprey" in morning[1]
    assert (after[0], "Walnut" in after[1], "Osprey" in after[1]) == (hour(5, 9, 1), True, False)
    assert state(desk, "focus")[-2:] == ["sent", "sent"]


def test_what_lies_in_the_pool_is_one_word_of_the_morning_and_none_once_it_is_claimed(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    for one in (team_world.rep, team_world.rep2):
        members.set_away(team_world.desk, at(30, 9), by=one)
    ticker.run_once()
    for name in ("Osprey Textiles", "Quillback Logistics"):
        form = LeadForm.read({"customer_name": name, "need": "n", "confirmed_new": True})
        leads.capture(team_world.desk, form, by=team_world.specialist)
    ticker.advance_to(at(3, 9), clock)
    told = [text for _, text in heard(slack, team_world.manager) if "in the pool that" in text]
    assert told == ["2 opportunities in the pool that nobody has claimed, the oldest since Mon, Mar 2"]
    with team_world.desk.database.transaction(None) as session:
        session.execute(update(Opportunity).values(owner_id=team_world.rep.member_id))
    ticker.advance_to(at(11, 9), clock)
    assert len([text for _, text in heard(slack, team_world.manager) if "in the pool that" in text]) == 1


def test_what_is_to_be_decided_waits_for_the_hours_of_who_decides_and_who_asked_is_answered_at_once(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    manager, asker = team_world.manager, team_world.other_rep
    clock.set(at(2, 23, 30))
    registered(team_world, team_world.rep, "Kestrel Works")
    asked(team_world, taken(team_world).id, asker)
    ticker.run_once()
    assert heard(slack, manager) == []
    assert [when for when, _ in heard(slack, asker)] == [hour(2, 23, 30)]
    ticker.advance_to(at(3, 10), clock)
    assert {when for when, _ in heard(slack, manager)} == {hour(3, 9, 1)}
    assert {kind: state(team_world.desk, kind) for kind in ("ruling", "registration")} == {
        "ruling": ["sent"],
        "registration": ["sent"],
    }


def test_an_admin_hears_in_their_hours_that_something_could_not_be_delivered(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    clock.set(at(3, 1))
    make_lead(team_world.desk, team_world.rep)
    slack.refusals = [Rejected("is_archived")]
    ticker.run_once()
    assert heard(slack, team_world.admin) == []
    ticker.advance_to(at(3, 10), clock)
    ((when, text),) = heard(slack, team_world.admin)
    assert (when, text) == (hour(3, 9, 1), "⚠️ 1 message could not be delivered")


def test_departure_waits_for_the_hours_of_who_hands_over(
    team_world: TeamWorld, clock: FakeClock, slack: ForgetfulSlack, ticker: Ticker
) -> None:
    make_lead(team_world.desk, team_world.rep)
    clock.set(at(2, 17))
    members.remember(team_world.desk, WORKSPACE, Profile("UREP", "Rep", is_active=False))
    clock.set(at(3, 1))
    ticker.run_once()
    assert heard(slack, team_world.manager) == []
    ticker.advance_to(at(3, 9, 30), clock)
    assert (hour(3, 9, 1), ["sent"]) == (heard(slack, team_world.manager)[0][0], state(team_world.desk, "departure"))
