"""A registration after its approval, on both databases: listed, renewed, told of before its end, taken back, revoked."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.domain import calendar
from bot.errors import Conflict, InvalidInput, NotAllowed, NotFound
from bot.models import OutboxRow, Registration
from bot.models.session import Database
from bot.services import (
    absences,
    briefings,
    collisions,
    customers,
    merges,
    opportunities,
    registered,
    registrations,
    reports,
    rulings,
)
from bot.services.desk import Desk
from bot.services.recording import ground_of
from bot.services.registered import PAGE
from bot.services.registrations import RegisterForm
from tests.factories import TeamWorld, again, make_lead, make_member
from tests.integration.disputing import (
    ACME,
    approved,
    at,
    capture,
    customer,
    latest_ruling,
    notices,
    promised,
    refused,
)
from tests.integration.disputing import registered as asked_for

SENTENCE = "他们已在谈 👍 <!channel> {until}"


def words_before_the_end(database: Database) -> list[tuple[str, datetime]]:
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "registration_ending").order_by(OutboxRow.id))
        return [(row.channel, row.due_at) for row in rows]


def test_rep_lists_their_own_and_the_manager_those_of_the_team(team_world: TeamWorld) -> None:
    first = approved(team_world, team_world.rep)
    waits = asked_for(team_world, team_world.rep2, "Globex Foundry")
    approved(team_world, team_world.other_rep, name="Initech")
    [own] = registered.listing(team_world.desk, by=team_world.rep).lines
    assert (own.case.id, own.case.is_active, own.is_own, own.may_decide) == (first.id, True, True, False)
    assert own.case.protected_until == team_world.clock.now() + timedelta(days=30)
    theirs = registered.listing(team_world.desk, by=team_world.manager).lines
    assert [(one.case.id, one.is_own, one.may_decide) for one in theirs] == [
        (waits.id, False, True), (first.id, False, True),
    ]  # fmt: skip
    assert len(registered.listing(team_world.desk, by=team_world.admin).lines) == 3
    assert registered.listing(team_world.desk, by=team_world.specialist).lines == ()


def test_list_goes_on_over_pages(team_world: TeamWorld) -> None:
    for number in range(PAGE + 5):
        asked_for(team_world, team_world.rep, f"{number} Wells")
    first = registered.listing(team_world.desk, by=team_world.rep)
    last = registered.listing(team_world.desk, by=team_world.rep, page=7)
    assert (len(first.lines), first.page, first.pages, first.first, first.total) == (20, 0, 2, 1, 25)
    assert (len(last.lines), last.page, last.pages, last.first, last.total) == (5, 1, 2, 21, 25)
    assert len({one.case.id for one in (*first.lines, *last.lines)}) == 25


def test_list_says_what_is_over_and_forgets_it_after_a_month(team_world: TeamWorld) -> None:
    case = approved(team_world, team_world.rep)
    capture(team_world, team_world.rep)
    [used] = registered.listing(team_world.desk, by=team_world.rep).lines
    assert (used.case.id, used.case.state, used.case.is_active) == (case.id, "approved", False)
    assert used.case.over == "used"
    team_world.clock.advance(timedelta(days=31))
    [used] = registered.listing(team_world.desk, by=team_world.rep).lines
    assert used.case.over == "expired"
    team_world.clock.advance(timedelta(days=30))
    assert registered.listing(team_world.desk, by=team_world.rep).lines == ()


def test_withdrawn_one_frees_the_customer_and_ends_who_disputed_it(team_world: TeamWorld, database: Database) -> None:
    case = approved(team_world, team_world.rep)
    refused(team_world, team_world.rep2)
    done = registered.withdraw(team_world.desk, case.id, by=team_world.rep)
    assert (done.state, done.cause, done.is_active) == ("ended", "withdrawn", False)
    assert done.ended_by is not None
    assert (done.ended_by.name, done.ended_at) == ("Rep", team_world.clock.now())
    assert customers.search(team_world.desk, "acme", by=team_world.rep2)[0].state == "free"
    assert promised(database, "registered") == [("registered", at(team_world.rep))]  # of the approval, and no more
    assert capture(team_world, team_world.rep2).opportunity.owner is not None
    with pytest.raises(Conflict) as twice:
        registered.withdraw(team_world.desk, case.id, by=team_world.rep)
    assert twice.value.key == "registration.over_already"


def test_one_that_waits_is_taken_back_and_no_longer_decided(team_world: TeamWorld) -> None:
    case = asked_for(team_world, team_world.rep)
    with pytest.raises(NotFound) as foreign:
        registered.withdraw(team_world.desk, case.id, by=team_world.rep2)
    assert foreign.value.key == "registration.not_found"
    registered.withdraw(team_world.desk, case.id, by=team_world.rep)
    assert registrations.waiting(team_world.desk, by=team_world.manager) == ()
    with pytest.raises(Conflict) as decided:
        registrations.approve(team_world.desk, case.id, by=team_world.manager)
    assert decided.value.key == "registration.ended_already"
    assert asked_for(team_world, team_world.rep).is_open


def test_manager_revokes_with_a_sentence_and_the_rep_is_told(team_world: TeamWorld, database: Database) -> None:
    case = approved(team_world, team_world.rep)
    for sentence in (None, " ", "x" * 301):
        with pytest.raises(InvalidInput) as caught:
            registered.revoke(team_world.desk, case.id, sentence, by=team_world.manager)
        assert set(caught.value.fields) == {"sentence"}
    for by in (team_world.rep2, team_world.other_manager):
        with pytest.raises(NotAllowed):
            registered.revoke(team_world.desk, case.id, SENTENCE, by=by)
    done = registered.revoke(team_world.desk, case.id, SENTENCE, by=team_world.manager)
    assert (done.state, done.cause, done.ended_why) == ("ended", "revoked", SENTENCE)
    assert promised(database, "registered") == [("registered", at(team_world.rep))] * 2
    assert customer(team_world).protected_by_id is None
    with pytest.raises(Conflict):
        registered.revoke(team_world.desk, case.id, SENTENCE, by=team_world.manager)
    with pytest.raises(Conflict):
        registered.ask_renewal(team_world.desk, case.id, by=team_world.rep)


def test_renewal_is_asked_for_before_the_end_and_given_with_one_click(
    team_world: TeamWorld, database: Database
) -> None:
    case = approved(team_world, team_world.rep)
    team_world.clock.advance(timedelta(days=20))
    asked = registered.ask_renewal(team_world.desk, case.id, by=team_world.rep)
    assert (asked.is_renewal, asked.is_open, asked.protected_until) == (True, True, case.protected_until)
    assert promised(database, "registration") == [("registration", at(team_world.manager))] * 2
    assert [one.id for one in registrations.waiting(team_world.desk, by=team_world.manager)] == [case.id]
    day = team_world.clock.now().date()
    assert briefings.daily(team_world.desk, team_world.team.id, by=team_world.manager, day=day).undecided == 1
    with pytest.raises(Conflict) as twice:
        registered.ask_renewal(team_world.desk, case.id, by=team_world.rep)
    assert twice.value.key == "registration.renewal_asked_already"
    with pytest.raises(NotAllowed):
        registered.renew(team_world.desk, case.id, by=team_world.other_manager)
    done = registered.renew(team_world.desk, case.id, by=team_world.manager)
    until = team_world.clock.now() + timedelta(days=30)
    assert (done.protected_until, done.is_renewal, customer(team_world).protected_until) == (until, False, until)
    assert done.renewed_by is not None
    assert (done.renewed_by.name, done.decided_at) == ("Manager", case.decided_at)
    assert promised(database, "registered") == [("registered", at(team_world.rep))] * 2
    with pytest.raises(Conflict) as nothing:
        registered.renew(team_world.desk, case.id, by=team_world.manager)
    assert nothing.value.key == "registration.renewal_decided"


def test_refused_renewal_leaves_the_days_that_were_given(team_world: TeamWorld, database: Database) -> None:
    case = approved(team_world, team_world.rep)
    registered.ask_renewal(team_world.desk, case.id, by=team_world.rep)
    done = registered.refuse_renewal(team_world.desk, case.id, SENTENCE, by=team_world.manager)
    assert (done.state, done.is_active, done.is_renewal) == ("approved", True, False)
    assert done.protected_until == case.protected_until
    told = notices(database, team_world.rep)[-1]
    assert (told["key"], told["params"]["sentence"]) == ("notice.renewal_refused", SENTENCE)
    assert registered.ask_renewal(team_world.desk, case.id, by=team_world.rep).is_renewal


def test_renewal_lapses_with_what_it_was_to_renew(team_world: TeamWorld) -> None:
    case = approved(team_world, team_world.rep)
    registered.ask_renewal(team_world.desk, case.id, by=team_world.rep)
    team_world.clock.advance(timedelta(days=30))
    assert registrations.waiting(team_world.desk, by=team_world.manager) == ()
    with pytest.raises(Conflict):
        registered.renew(team_world.desk, case.id, by=team_world.manager)
    day = team_world.clock.now().date()
    assert briefings.daily(team_world.desk, team_world.team.id, by=team_world.manager, day=day).undecided == 0


def test_renewal_that_nobody_decides_ends_with_a_word_to_the_rep_and_the_judge(
    team_world: TeamWorld, database: Database
) -> None:
    world = team_world
    case = approved(world, world.rep)
    registered.ask_renewal(world.desk, case.id, by=world.rep)
    assert registered.expire(world.desk) == 0
    world.clock.advance(timedelta(days=30))
    assert registered.expire(world.desk) == 1
    over = registrations.case(world.desk, case.id, by=world.rep)
    assert (over.state, over.cause, over.ended_by, over.ended_at) == ("ended", "expired", None, world.clock.now())
    assert promised(database, "registered") == [("registered", at(world.rep))] * 2
    assert notices(database, world.manager)[-1] == {
        "key": "notice.renewal_expired",
        "params": {"member": "Rep", "customer": ACME},
        "opportunity_id": None,
    }
    with pytest.raises(Conflict) as late:
        registered.renew(world.desk, case.id, by=world.manager)
    assert late.value.key == "registration.over_already"
    assert registered.expire(world.desk) == 0
    assert capture(world, world.rep2).opportunity.owner is not None


def test_registration_that_runs_out_unasked_ends_without_a_word(team_world: TeamWorld, database: Database) -> None:
    case = approved(team_world, team_world.rep)
    before = promised(database, "registered")
    team_world.clock.advance(timedelta(days=30))
    assert registered.expire(team_world.desk) == 1
    over = registrations.case(team_world.desk, case.id, by=team_world.rep)
    assert (over.state, over.cause, customer(team_world).protected_by_id) == ("approved", None, None)
    assert promised(database, "registered") == before
    assert notices(database, team_world.manager) == []


def test_what_is_renewed_while_the_clock_looks_is_not_ended(
    team_world: TeamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = team_world
    case = approved(world, world.rep)
    registered.ask_renewal(world.desk, case.id, by=world.rep)
    renewed = registered.renew(world.desk, case.id, by=world.manager)
    late = renewed.protected_until or world.clock.now()
    monkeypatch.setattr(registered, "_RUN_OUT", select(Registration.id, Registration.workspace_id))
    registered.expire(world.desk)
    assert customer(world).protected_until == late


def test_mark_beside_a_registration_goes_when_that_runs_out(team_world: TeamWorld) -> None:
    world = team_world
    approved(world, world.rep)
    absences.set_away(world.desk, world.clock.now() + timedelta(days=60), by=world.rep)
    number = capture(world, world.manager).opportunity.id
    assert "collision" in opportunities.view(world.desk, number, by=world.admin).broken
    world.clock.advance(timedelta(days=30))
    assert registered.expire(world.desk) == 1
    shown = opportunities.view(world.desk, number, by=world.admin)
    assert "collision" not in shown.broken
    assert shown.collision is None
    assert "collision" not in dict(reports.pipeline(world.desk, by=world.manager).health.broken)


def test_managers_own_is_renewed_at_once(team_world: TeamWorld) -> None:
    form = RegisterForm.read({"customer_name": ACME, "note": "Old friends"})
    case, _ = registrations.register(team_world.desk, form, by=team_world.manager)
    team_world.clock.advance(timedelta(days=5))
    done = registered.ask_renewal(team_world.desk, case.id, by=team_world.manager)
    assert done.protected_until == team_world.clock.now() + timedelta(days=30)
    assert not done.is_renewal


def test_word_before_the_end_is_promised_with_the_approval_three_working_days_ahead(
    team_world: TeamWorld, database: Database
) -> None:
    case = approved(team_world, team_world.rep)
    assert case.protected_until is not None
    with team_world.desk.reading(team_world.admin) as session:
        days = ground_of(session, team_world.team.id).calendar
    [(channel, due_at)] = words_before_the_end(database)
    assert channel == at(team_world.rep)
    assert due_at == calendar.add_days(days, case.protected_until, -3)
    assert case.protected_until - due_at >= timedelta(days=3)
    team_world.clock.advance(timedelta(days=3))
    registered.ask_renewal(team_world.desk, case.id, by=team_world.rep)
    renewed = registered.renew(team_world.desk, case.id, by=team_world.manager)
    assert renewed.protected_until is not None
    assert [due for _, due in words_before_the_end(database)] == [
        due_at, calendar.add_days(days, renewed.protected_until, -3),
    ]  # fmt: skip


def test_who_gets_a_registration_by_a_ruling_hears_of_its_end_too(team_world: TeamWorld, database: Database) -> None:
    approved(team_world, team_world.rep)
    error = refused(team_world, team_world.other_rep)
    rulings.ask_of_registration(team_world.desk, error.params["customer_id"], "First", by=team_world.other_rep)
    rulings.rule(team_world.desk, latest_ruling(team_world), rulings.Verdict.GIVE, "True", by=team_world.manager)
    assert [channel for channel, _ in words_before_the_end(database)] == [
        at(team_world.rep), at(team_world.other_rep),
    ]  # fmt: skip
    [lost] = registered.listing(team_world.desk, by=team_world.rep).lines
    assert lost.case.yielded_to is not None
    assert (lost.case.state, lost.case.yielded_to.name) == ("ended", "Other Rep")


def test_who_owns_an_opportunity_there_needs_no_registration(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep)
    with pytest.raises(Conflict) as caught:
        asked_for(team_world, team_world.rep)
    assert (caught.value.key, caught.value.params) == ("registration.owned", {"customer": ACME})


def test_form_that_stood_open_registers_what_its_customer_was_merged_into(team_world: TeamWorld) -> None:
    seen = make_lead(team_world.desk, team_world.rep2, customer_name="Acme Trading").opportunity
    kept = make_lead(team_world.desk, team_world.rep2, customer_name="Acme Holdings").opportunity
    merges.merge(team_world.desk, kept.customer_id, seen.customer_id, by=team_world.admin)
    form = RegisterForm.read({"customer_id": seen.customer_id, "note": "Met them"})
    with pytest.raises(Conflict) as owned:
        registrations.register(team_world.desk, form, by=team_world.rep2)
    assert owned.value.params == {"customer": "Acme Holdings"}
    with team_world.desk.reading(team_world.admin) as session:
        assert session.scalars(select(Registration)).all() == []


def test_other_workspaces_end_and_renew_nothing(desk: Desk, team_world: TeamWorld) -> None:
    case = approved(team_world, team_world.rep)
    stranger = again(
        desk, make_member(desk, "Stranger", slack_team_id="T0ELSE", is_slack_admin=True), slack_team_id="T0ELSE"
    )
    assert registered.listing(desk, by=stranger).lines == ()
    for act in (
        lambda: registered.revoke(desk, case.id, "x", by=stranger),
        lambda: registered.withdraw(desk, case.id, by=stranger),
        lambda: registered.renew(desk, case.id, by=stranger),
    ):
        with pytest.raises(NotFound):
            act()
    assert collisions.look(desk, case.customer_id, None, by=team_world.rep2).state == "registered"
