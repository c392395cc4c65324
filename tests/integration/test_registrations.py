"""Registrations on both databases: asked for, approved or refused once, protecting a customer until they expire."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.errors import Conflict, CustomerProtected, InvalidInput, NotAllowed, NotFound, RuleBroken, UserError
from bot.models import Customer
from bot.models.session import Database
from bot.services import briefings, collisions, customers, handovers, pool, registrations, stages
from bot.services.collisions import TellForm
from bot.services.desk import Actor, Desk
from bot.services.registrations import RegisterForm
from bot.services.stages import LossForm
from tests.factories import TeamWorld, again, make_lead, make_member
from tests.integration.disputing import ACME, approved, at, capture, customer, disable, promised, registered

SENTENCE = "先见客户先报备 👍 <!channel> {until}"


def test_approval_protects_the_customer_for_its_rep(team_world: TeamWorld, database: Database) -> None:
    case = registered(team_world, team_world.rep)
    assert (case.state, case.customer, case.team, case.note, case.days) == (
        "pending", ACME, "North", "Met their CTO", 30,
    )  # fmt: skip
    assert promised(database, "registration") == [("registration", at(team_world.manager))]
    assert [one.id for one in registrations.waiting(team_world.desk, by=team_world.manager)] == [case.id]
    assert customer(team_world).protected_by_id is None
    done = registrations.approve(team_world.desk, case.id, SENTENCE, by=team_world.manager)
    until = team_world.clock.now() + timedelta(days=30)
    assert (done.state, done.protected_until, done.sentence) == ("approved", until, SENTENCE)
    assert (customer(team_world).protected_by_id, customer(team_world).protected_until) == (
        team_world.rep.member_id, until,
    )  # fmt: skip
    assert promised(database, "registered") == [("registered", at(team_world.rep))]
    assert registrations.waiting(team_world.desk, by=team_world.manager) == ()
    [seen] = customers.search(team_world.desk, "acme", by=team_world.other_rep)
    assert seen.owner is not None
    assert (seen.state, seen.owner.name, seen.protected_until, seen.is_mine) == ("protected", "Rep", until, False)
    [own] = customers.search(team_world.desk, "acme", by=team_world.rep)
    assert own.is_mine


def test_others_are_stopped_while_it_lasts(team_world: TeamWorld, database: Database) -> None:
    approved(team_world, team_world.rep)
    for by in (team_world.rep2, team_world.other_rep):
        with pytest.raises(CustomerProtected) as caught:
            capture(team_world, by)
        assert caught.value.key == "lead.capture.registered"
        assert (caught.value.params["owner"], caught.value.params["opportunity_id"]) == ("Rep", None)
    with pytest.raises(CustomerProtected):
        registered(team_world, team_world.rep2)
    seen = collisions.look(team_world.desk, customer(team_world).id, None, by=team_world.other_rep)
    assert (seen.state, seen.since, seen.until) == (
        "registered", team_world.clock.now(), team_world.clock.now() + timedelta(days=30),
    )  # fmt: skip
    assert promised(database, "notice").count(("notice", at(team_world.rep))) == 2
    form = TellForm(text="They called me", contact_name="Bo")
    done = collisions.tell_registrant(team_world.desk, seen.customer_id, form, by=team_world.other_rep)
    assert done.owner.name == "Rep"
    assert promised(database, "notice").count(("notice", at(team_world.rep))) == 3
    team_world.clock.advance(timedelta(days=30))
    with pytest.raises(RuleBroken):
        collisions.tell_registrant(team_world.desk, seen.customer_id, form, by=team_world.other_rep)
    assert capture(team_world, team_world.rep2).opportunity.owner is not None
    assert customers.search(team_world.desk, "acme", by=team_world.rep)[0].state != "free"


def test_capture_by_its_rep_uses_the_registration_up_and_keeps_the_protection(team_world: TeamWorld) -> None:
    approved(team_world, team_world.rep)
    team_world.clock.advance(timedelta(days=10))
    number = capture(team_world, team_world.rep).opportunity.id
    assert customer(team_world).protected_by_id is None
    with pytest.raises(CustomerProtected) as caught:
        capture(team_world, team_world.rep2)
    assert caught.value.params["until"] == team_world.clock.now() + timedelta(days=30)
    stages.lose(team_world.desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    # Somebody else registers it while it is closed: it is not opened again over their head.
    approved(team_world, team_world.rep2)
    with pytest.raises(CustomerProtected):
        stages.reopen(team_world.desk, number, "They called", by=team_world.rep)


def test_capture_by_its_rep_ends_a_registration_that_still_waits_and_the_customer_is_free_once_given_back(
    team_world: TeamWorld, database: Database
) -> None:
    case = registered(team_world, team_world.rep)
    number = capture(team_world, team_world.rep).opportunity.id
    assert registrations.waiting(team_world.desk, by=team_world.manager) == ()
    with pytest.raises(Conflict) as caught:
        registrations.approve(team_world.desk, case.id, by=team_world.manager)
    assert caught.value.key == "registration.ended_already"
    ended = registrations.case(team_world.desk, case.id, by=team_world.rep)
    assert (ended.state, ended.cause) == ("ended", "used")
    assert promised(database, "registered") == [], "who captures knows it"
    pool.release(team_world.desk, number, "Budget round is in May", by=team_world.rep)
    assert pool.claim(team_world.desk, number, by=team_world.rep2).opportunity.owner is not None


def test_another_reps_capture_leaves_a_registration_waiting_and_refuses_its_approval(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    capture(team_world, team_world.rep2)
    assert [one.id for one in registrations.waiting(team_world.desk, by=team_world.manager)] == [case.id]
    with pytest.raises(Conflict) as caught:
        registrations.approve(team_world.desk, case.id, by=team_world.manager)
    assert caught.value.key == "registration.taken"


def test_who_got_an_opportunity_there_otherwise_is_not_protected_twice(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    number = capture(team_world, team_world.rep2).opportunity.id
    handovers.offer(team_world.desk, number, "UREP", None, by=team_world.rep2)
    handovers.accept(team_world.desk, number, by=team_world.rep)
    with pytest.raises(RuleBroken) as caught:
        registrations.approve(team_world.desk, case.id, by=team_world.manager)
    assert (caught.value.key, caught.value.params) == ("registration.owned_by", {"asker": "Rep", "customer": ACME})
    assert customer(team_world).protected_by_id is None
    registrations.refuse(team_world.desk, case.id, "It is theirs", by=team_world.manager)


def test_protection_ends_with_its_rep(team_world: TeamWorld) -> None:
    approved(team_world, team_world.rep)
    disable(team_world, team_world.rep)
    assert customers.search(team_world.desk, "acme", by=team_world.rep2)[0].state == "free"
    assert capture(team_world, team_world.rep2).opportunity.owner is not None


def test_refusal_needs_a_sentence_and_leaves_the_customer_free(team_world: TeamWorld, database: Database) -> None:
    case = registered(team_world, team_world.rep)
    for sentence in (None, " \x00", "x" * 301):
        with pytest.raises(InvalidInput) as caught:
            registrations.refuse(team_world.desk, case.id, sentence, by=team_world.manager)
        assert set(caught.value.fields) == {"sentence"}
    done = registrations.refuse(team_world.desk, case.id, SENTENCE, by=team_world.manager)
    assert (done.state, done.sentence, done.judge.name) == ("refused", SENTENCE, "Manager")
    assert promised(database, "registered") == [("registered", at(team_world.rep))]
    assert capture(team_world, team_world.rep2).opportunity.owner is not None
    for act in (
        lambda: registrations.approve(team_world.desk, case.id, by=team_world.admin),
        lambda: registrations.case(team_world.desk, case.id, by=team_world.manager, judging=True),
    ):
        with pytest.raises(Conflict) as twice:
            act()
        assert (twice.value.key, twice.value.params) == ("registration.refused_already", {"judge": "Manager"})


def test_managers_own_registration_is_approved_at_once(team_world: TeamWorld, database: Database) -> None:
    case, judges = registrations.register(
        team_world.desk, RegisterForm.read({"customer_name": ACME, "note": "Old friends"}), by=team_world.manager
    )
    assert (case.state, judges) == ("approved", "")
    assert case.judge is not None
    assert case.judge.name == "Manager"
    assert promised(database, "registration", "registered") == []
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.rep)


def test_rep_without_a_manager_is_decided_by_an_admin(team_world: TeamWorld, database: Database) -> None:
    disable(team_world, team_world.manager)
    case = registered(team_world, team_world.rep)
    assert promised(database, "registration") == [("registration", at(team_world.admin))]
    assert [one.id for one in registrations.waiting(team_world.desk, by=team_world.admin)] == [case.id]
    registrations.approve(team_world.desk, case.id, by=team_world.admin)
    disable(team_world, team_world.admin)
    with pytest.raises(RuleBroken) as caught:
        registered(team_world, team_world.rep, "Globex Foundry")
    assert caught.value.key == "ruling.nobody"


def test_what_somebody_has_cannot_be_registered(team_world: TeamWorld) -> None:
    number = capture(team_world, team_world.rep).opportunity.id
    with pytest.raises(CustomerProtected) as caught:
        registered(team_world, team_world.other_rep)
    assert caught.value.params["opportunity_id"] == number
    seen = collisions.look(team_world.desk, caught.value.params["customer_id"], number, by=team_world.other_rep)
    assert seen.state == "protected"


def test_the_same_is_not_registered_twice(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    with pytest.raises(Conflict) as waits:
        registered(team_world, team_world.rep)
    assert waits.value.key == "registration.asked_already"
    registrations.approve(team_world.desk, case.id, by=team_world.manager)
    with pytest.raises(Conflict) as has:
        registered(team_world, team_world.rep)
    assert has.value.key == "registration.yours"


def test_rivals_are_shown_until_one_is_approved(team_world: TeamWorld) -> None:
    first, second = registered(team_world, team_world.rep), registered(team_world, team_world.rep2)
    assert (first.rivals, second.rivals) == ((), ("Rep",))
    registrations.approve(team_world.desk, second.id, by=team_world.manager)
    assert registrations.case(team_world.desk, first.id, by=team_world.rep).state == "refused"


def test_two_approvals_of_rivals_at_once_protect_it_for_one(team_world: TeamWorld) -> None:
    cases = [registered(team_world, team_world.rep).id, registered(team_world, team_world.rep2).id]
    start = Barrier(2)

    def decide(turn: tuple[int, Actor]) -> str:
        start.wait()
        try:
            registrations.approve(team_world.desk, turn[0], by=turn[1])
        except UserError as error:
            return error.key
        return "approved"

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(decide, zip(cases, (team_world.manager, team_world.admin), strict=True)))
    assert outcomes == ["approved", "registration.refused_already"]


def test_only_who_manages_the_team_decides_and_only_who_is_concerned_looks(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    for by in (team_world.rep, team_world.rep2, team_world.other_manager):
        with pytest.raises(NotAllowed):
            registrations.approve(team_world.desk, case.id, by=by)
    assert registrations.case(team_world.desk, case.id, by=team_world.rep).is_open
    with pytest.raises(NotFound):
        registrations.case(team_world.desk, case.id, by=team_world.rep2)
    with pytest.raises(NotFound):
        registrations.case(team_world.desk, 999_999, by=team_world.admin)
    assert registrations.waiting(team_world.desk, by=team_world.rep) == ()


def test_rep_who_left_meanwhile_is_not_protected(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    disable(team_world, team_world.rep)
    with pytest.raises(RuleBroken) as caught:
        registrations.approve(team_world.desk, case.id, by=team_world.manager)
    assert caught.value.key == "registration.asker_gone"
    registrations.refuse(team_world.desk, case.id, "They left", by=team_world.manager)


def test_customer_merged_meanwhile_is_not_protected(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    with team_world.desk.transaction(team_world.admin) as session:
        session.get_one(Customer, case.customer_id).merged_into_id = case.customer_id
    with pytest.raises(RuleBroken) as caught:
        registrations.approve(team_world.desk, case.id, by=team_world.manager)
    assert caught.value.key == "registration.merged"


def test_near_names_are_asked_about_and_known_customers_taken(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="北京华星科技有限公司")
    with pytest.raises(InvalidInput) as caught:
        registered(team_world, team_world.rep2, "华星")
    assert caught.value.fields["customer"].key == "lead.capture.possible"
    assert registered(team_world, team_world.rep2, "华星", confirmed_new=True).customer == "华星"
    known = registered(team_world, team_world.rep, "Globex Foundry").customer_id
    form = RegisterForm.read({"customer_id": known, "note": "Me too"})
    assert registrations.register(team_world.desk, form, by=team_world.rep2)[0].customer_id == known
    with pytest.raises(InvalidInput):
        registrations.register(
            team_world.desk, RegisterForm.read({"customer_id": 999_999, "note": "x"}), by=team_world.rep
        )


def test_form_says_what_is_missing(team_world: TeamWorld) -> None:
    for values, field in (({"note": "x"}, "customer"), ({"customer_name": ACME}, "note")):
        with pytest.raises(InvalidInput) as caught:
            RegisterForm.read(values)
        assert set(caught.value.fields) == {field}
    with pytest.raises(NotAllowed):
        registered(team_world, team_world.specialist)


def test_many_reps_register_one_new_customer_at_once(team_world: TeamWorld) -> None:
    start = Barrier(2)

    def register(by: Actor) -> int:
        start.wait()
        return registered(team_world, by).customer_id

    with ThreadPoolExecutor(2) as threads:
        found = set(threads.map(register, (team_world.rep, team_world.rep2)))
    assert len(found) == 1


def test_undecided_ones_are_counted_in_the_digest(desk: Desk, team_world: TeamWorld) -> None:
    registered(team_world, team_world.rep)
    day = team_world.clock.now().date()
    assert briefings.daily(desk, team_world.team.id, by=team_world.manager, day=day).undecided == 1


def test_other_workspaces_see_nothing_of_it(desk: Desk, team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    stranger = again(
        desk, make_member(desk, "Stranger", slack_team_id="T0ELSE", is_slack_admin=True), slack_team_id="T0ELSE"
    )
    assert registrations.waiting(desk, by=stranger) == ()
    with pytest.raises(NotFound):
        registrations.approve(desk, case.id, by=stranger)
    with pytest.raises(NotFound):
        collisions.tell_registrant(desk, case.customer_id, TellForm(text="x"), by=stranger)
