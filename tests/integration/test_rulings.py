"""Rulings on both databases: asked for, decided once, carried out, remembered as precedents."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import update

from bot.domain.events import NoteAdded, OwnerChanged, OwnerTold, RulingAsked, RulingMade, TeamChanged
from bot.domain.rulings import Verdict
from bot.errors import Conflict, CustomerProtected, InvalidInput, LeadAlreadyClaimed, NotAllowed, NotFound, RuleBroken
from bot.models import Opportunity
from bot.models.session import Database
from bot.services import (
    briefings,
    collisions,
    follow_ups,
    handovers,
    leads,
    opportunities,
    playbooks,
    pool,
    registrations,
    rulings,
    stages,
)
from bot.services.collisions import TellForm
from bot.services.desk import Actor, Desk
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm
from tests.factories import TeamWorld, again, make_lead, make_member, make_team
from tests.integration.disputing import (
    ACME,
    asked,
    at,
    disable,
    events,
    latest_ruling,
    notices,
    promised,
    refused,
    registered,
    row_of,
    taken,
)

HOSTILE = "谁先跟进谁负责 👍 <!channel> <@U1> *b* {owner}"


def test_outsider_learns_owner_state_and_dates_of_a_collision(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    error = refused(team_world, team_world.other_rep)
    assert (error.params["opportunity_id"], error.params["owner"]) == (number, "Rep")
    shown = collisions.look(team_world.desk, error.params["customer_id"], number, by=team_world.other_rep)
    assert shown.owner is not None
    now = team_world.clock.now()
    assert (shown.customer, shown.owner.name, shown.state) == (ACME, "Rep", "protected")
    assert (shown.since, shown.until, shown.last_follow_up_at) == (now, now + timedelta(days=30), None)
    assert (shown.precedents, shown.may_claim, shown.asked_id) == ((), False, None)


def test_one_who_was_never_stopped_can_neither_look_nor_tell_nor_ask(team_world: TeamWorld) -> None:
    shown = taken(team_world)
    by = team_world.other_rep
    with pytest.raises(NotFound):
        collisions.look(team_world.desk, shown.customer_id, shown.id, by=by)
    with pytest.raises(NotFound):
        collisions.tell_owner(team_world.desk, shown.id, TellForm(text="Hello"), by=by)
    with pytest.raises(NotFound):
        rulings.ask(team_world.desk, shown.id, "Mine", by=by)
    with pytest.raises(NotFound):
        collisions.look(team_world.desk, shown.customer_id, None, by=by)
    with pytest.raises(NotFound):
        collisions.last_told(team_world.desk, 999_999, by=by)


def test_what_is_told_lands_in_the_owners_history_with_a_message(team_world: TeamWorld, database: Database) -> None:
    number = taken(team_world).id
    refused(team_world, team_world.other_rep)
    form = TellForm.read({"text": HOSTILE, "contact_name": "Bo", "contact_phone": "+86 138 0013 8000"})
    done = collisions.tell_owner(team_world.desk, number, form, by=team_world.other_rep)
    assert (done.owner.name, done.instead) == ("Rep", ())
    told = events(team_world, number)[-1]
    assert told == OwnerTold(team_world.other_rep.member_id or 0, "Other Rep", HOSTILE, "Bo · +86 138 0013 8000")
    assert promised(database, "told") == [("told", at(team_world.rep))]
    for wrong, field in (({"text": " "}, "text"), ({"text": "x", "contact_phone": "none"}, "contact_phone")):
        with pytest.raises(InvalidInput) as caught:
            collisions.tell_owner(team_world.desk, number, TellForm.read(wrong), by=team_world.other_rep)
        assert set(caught.value.fields) == {field}
    stages.lose(team_world.desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    with pytest.raises(RuleBroken):
        collisions.tell_owner(team_world.desk, number, form, by=team_world.other_rep)


@pytest.mark.parametrize("has_manager", [True, False])
def test_what_is_told_to_an_owner_who_left_reaches_who_decides_instead(
    team_world: TeamWorld, database: Database, *, has_manager: bool
) -> None:
    shown = taken(team_world)
    disable(team_world, team_world.rep)
    if not has_manager:
        disable(team_world, team_world.manager)
    hearer = team_world.manager if has_manager else team_world.admin
    refused(team_world, team_world.other_rep)
    seen = collisions.look(team_world.desk, shown.customer_id, shown.id, by=team_world.other_rep)
    assert [one.name for one in seen.instead] == [hearer.name]
    done = collisions.tell_owner(team_world.desk, shown.id, TellForm(text="They want 30"), by=team_world.other_rep)
    assert (done.owner.name, [one.name for one in done.instead]) == ("Rep", [hearer.name])
    assert promised(database, "told") == [("told", at(hearer))]
    stopped = [one for one in notices(database, hearer) if one["key"] == "notice.collision_instead"]
    assert [(one["params"]["member"], one["params"]["owner"]) for one in stopped] == [("Other Rep", "Rep")]
    assert "notice.collision" not in [one["key"] for one in notices(database, team_world.rep)]


def test_where_nobody_is_left_to_hear_it_the_one_who_tells_learns_that(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    refused(team_world, team_world.other_rep)
    for gone in (team_world.rep, team_world.manager, team_world.admin):
        disable(team_world, gone)
    with pytest.raises(RuleBroken) as caught:
        collisions.tell_owner(team_world.desk, number, TellForm(text="They want 30"), by=team_world.other_rep)
    assert caught.value.key == "ruling.nobody"
    assert not [one for one in events(team_world, number) if isinstance(one, OwnerTold)]


def test_the_collision_is_a_broken_clause_until_somebody_rules(team_world: TeamWorld, database: Database) -> None:
    number = taken(team_world).id
    first = asked(team_world, number, team_world.other_rep, HOSTILE)
    second = asked(team_world, number, team_world.rep2)
    row = row_of(team_world, number)
    assert (row.has_collision, row.broken_from) == (True, row.captured_at)
    assert next(one for one in events(team_world, number) if isinstance(one, RulingAsked)).plea == HOSTILE
    assert promised(database, "ruling") == [("ruling", at(team_world.manager))] * 2
    rulings.rule(team_world.desk, first, Verdict.KEEP, HOSTILE, by=team_world.manager)
    assert row_of(team_world, number).has_collision
    rulings.rule(team_world.desk, second, Verdict.KEEP, "The same", by=team_world.manager)
    row = row_of(team_world, number)
    assert not row.has_collision
    assert row.broken_from == min(row.next_due_at, row.stage_limit_at)
    assert opportunities.view(team_world.desk, number, by=team_world.rep).owner.name == "Rep"
    made = [one for one in events(team_world, number) if isinstance(one, RulingMade)]
    assert [(one.verdict, one.sentence, one.asker, one.owner) for one in made] == [
        ("keep", HOSTILE, "Other Rep", "Rep"),
        ("keep", "The same", "Rep Two", "Rep"),
    ]
    assert promised(database, "ruled") == [
        ("ruled", at(one)) for one in sorted([team_world.rep, team_world.other_rep], key=lambda one: one.member_id or 0)
    ] + [("ruled", at(one)) for one in (team_world.rep, team_world.rep2)]


def test_evidence_is_what_the_event_log_says(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    captured = team_world.clock.now()
    refused(team_world, team_world.other_rep)
    team_world.clock.advance(timedelta(days=1))
    touched = team_world.clock.now()
    due = touched + timedelta(days=2)
    for said in ("Hello", "Again"):
        form = FollowUpForm(opportunity_id=number, said=said, next_step="Offer", next_due_at=due)
        done = follow_ups.log(team_world.desk, form, by=team_world.rep)
    opportunities.undo(team_world.desk, done.event_id, by=team_world.rep)
    collisions.tell_owner(team_world.desk, number, TellForm(text="Hello"), by=team_world.other_rep)
    ruling = asked(team_world, number, team_world.other_rep)
    one = rulings.case(team_world.desk, ruling, by=team_world.manager)
    assert (one.evidence.captured_at, one.evidence.captured_by) == (captured, "Rep")
    assert (one.evidence.first_touch_at, one.evidence.first_touch_by, one.evidence.follow_ups) == (touched, "Rep", 1)
    assert (one.evidence.next_text, one.evidence.next_due_at) == ("Offer", due)
    assert one.evidence.attempts == (captured, touched)
    assert one.evidence.told_at == (touched,)
    assert (one.evidence.need, one.evidence.owner) == ("Seats", "Rep")
    assert (one.team, one.asker_team, one.plea, one.is_open) == ("North", "South", "I met them first", True)


def test_given_opportunity_goes_to_the_askers_team_with_its_history(team_world: TeamWorld, database: Database) -> None:
    before = taken(team_world, amount="9k", contact_phone="+8613800138000")
    stages.advance(team_world.desk, before.id, "qualified", by=team_world.rep)
    with team_world.desk.transaction(team_world.admin) as session:
        session.get_one(Opportunity, before.id).card_channel = "CNORTH"
        session.get_one(Opportunity, before.id).card_ts = "1.1"
    ruling = asked(team_world, before.id, team_world.other_rep)
    history = len(events(team_world, before.id))
    team_world.clock.advance(timedelta(days=3))
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    after = opportunities.view(team_world.desk, before.id, by=team_world.other_rep)
    assert after.owner is not None
    assert (after.owner.name, after.is_accepted, after.team_name, after.stage.key) == (
        "Other Rep", True, "South", "qualified",
    )  # fmt: skip
    assert (after.next_text, after.next_due_at, after.need) == (before.next_text, before.next_due_at, before.need)
    assert after.owner_reason is not None
    assert (after.owner_reason.key, after.owner_reason.params) == ("assign.ruled", {"name": "Manager"})
    row = row_of(team_world, before.id)
    assert (row.card_channel, row.team_id) == (None, team_world.other_team.id)
    assert row.protected_until == team_world.clock.now() + timedelta(days=30)
    # What was overdue is not held against the one who has it for a moment.
    assert row.snoozed_until is not None
    assert row.snoozed_until > team_world.clock.now()
    kinds = [type(one) for one in events(team_world, before.id)][history:]
    assert kinds[:2] == [RulingMade, TeamChanged]
    assert OwnerChanged in kinds
    assert ("card_moved", "CNORTH") in promised(database, "card_moved")
    with pytest.raises(NotFound):
        opportunities.view(team_world.desk, before.id, by=team_world.rep2)
    # The former owner, who sees it no more, still learns of the ruling.
    assert rulings.case(team_world.desk, ruling, by=team_world.rep).verdict is Verdict.GIVE
    with pytest.raises(NotFound):
        rulings.case(team_world.desk, ruling, by=team_world.rep2)


def test_manager_is_told_when_an_admin_gives_their_teams_customer_to_another_team(
    team_world: TeamWorld, database: Database
) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.admin)
    [told] = [one for one in notices(database, team_world.manager) if one["key"] == "notice.moved_ruled"]
    assert told["params"] == {"member": "Other Rep", "team": "South", "manager": "Admin"}


def test_manager_who_rules_or_owned_it_is_not_told_of_the_move_again(team_world: TeamWorld, database: Database) -> None:
    ruling = asked(team_world, taken(team_world).id, team_world.other_rep)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    own = make_lead(team_world.desk, team_world.rep, customer_name="Globex").opportunity.id
    handovers.reassign(team_world.desk, own, team_world.manager.slack_user_id or "", None, by=team_world.manager)
    refused(team_world, team_world.other_rep, customer_name="Globex")
    rulings.ask(team_world.desk, own, "I met them", by=team_world.other_rep)
    rulings.rule(team_world.desk, latest_ruling(team_world), Verdict.GIVE, "Met first", by=team_world.admin)
    assert row_of(team_world, own).team_id == team_world.other_team.id
    assert "notice.moved_ruled" not in [one["key"] for one in notices(database, team_world.manager)]


def test_given_opportunity_without_a_next_step_gets_the_one_that_was_typed(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    refused(team_world, team_world.other_rep)
    typed = {"next_step": "Send the quote", "next_due_at": "friday", "facts": {"budget": "no such answer"}}
    rulings.ask(team_world.desk, number, "I met them", by=team_world.other_rep, typed=typed)
    with team_world.desk.database.transaction(team_world.rep.workspace_id) as session:
        session.execute(update(Opportunity).values(next_step_id=None, next_text=None, next_due_at=None))
    rulings.rule(team_world.desk, latest_ruling(team_world), Verdict.GIVE, "Met first", by=team_world.manager)
    row = row_of(team_world, number)
    assert row.next_text == "Send the quote"
    assert row.next_due_at is not None
    assert "budget" not in row.facts
    [note] = [one.text for one in events(team_world, number) if isinstance(one, NoteAdded)]
    assert note == "Send the quote · friday"


def test_who_is_given_it_needs_the_registration_no_more_that_they_asked_for(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep2)
    ruling = asked(team_world, taken(team_world).id, team_world.rep2)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    assert registrations.waiting(team_world.desk, by=team_world.manager) == ()
    assert registrations.case(team_world.desk, case.id, by=team_world.rep2).cause == "used"


def test_stage_of_another_playbook_is_the_first_of_its_kind(team_world: TeamWorld) -> None:
    number = taken(team_world, amount="9k", contact_phone="+8613800138000").id
    stages.advance(team_world.desk, number, "qualified", by=team_world.rep)
    data = playbooks.export(team_world.desk, team_world.other_team.id, by=team_world.admin)
    for stage in data["stages"]:
        stage["key"] = {"qualified": "first_talk", "lead": "inbox"}.get(stage["key"], stage["key"])
    playbooks.publish(team_world.desk, team_world.other_team.id, data, by=team_world.admin)
    ruling = asked(team_world, number, team_world.other_rep)
    team_world.clock.advance(timedelta(hours=1))
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    after = opportunities.view(team_world.desk, number, by=team_world.other_rep)
    assert after.stage.key == "first_talk"
    assert after.stage_entered_at == team_world.clock.now()


def test_given_inside_the_team_stays_where_it_is(team_world: TeamWorld) -> None:
    before = taken(team_world)
    ruling = asked(team_world, before.id, team_world.rep2)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    after = opportunities.view(team_world.desk, before.id, by=team_world.rep2)
    assert after.owner is not None
    assert (after.owner.name, after.team_name, after.grade) == ("Rep Two", "North", before.grade)
    assert not any(isinstance(one, TeamChanged) for one in events(team_world, before.id))
    with pytest.raises(CustomerProtected):
        leads.capture(team_world.desk, LeadForm.read({"customer_name": ACME, "need": "x"}), by=team_world.rep)


def test_shared_customer_is_no_collision_for_either_side_but_for_everybody_else(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    rulings.rule(team_world.desk, ruling, Verdict.SHARE, "Two sites", by=team_world.manager)
    theirs = taken(team_world, team_world.other_rep)
    assert theirs.owner is not None
    assert theirs.owner.name == "Other Rep"
    assert taken(team_world).owner is not None
    refused(team_world, team_world.rep2)
    # Lost and opened again beside the other one.
    stages.lose(team_world.desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    stages.reopen(team_world.desk, number, "They called", by=team_world.rep)
    stages.lose(team_world.desk, LossForm(opportunity_id=theirs.id, reason="price"), by=team_world.other_rep)
    stages.reopen(team_world.desk, theirs.id, "They called", by=team_world.other_rep)


def test_a_later_ruling_ends_what_was_shared(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    first = asked(team_world, number, team_world.other_rep)
    rulings.rule(team_world.desk, first, Verdict.SHARE, "Two sites", by=team_world.manager)
    team_world.clock.advance(timedelta(days=1))
    rulings.ask(team_world.desk, number, "All of it", by=team_world.other_rep)
    [again_] = rulings.waiting(team_world.desk, by=team_world.manager)
    rulings.rule(team_world.desk, again_.id, Verdict.KEEP, "No", by=team_world.manager)
    refused(team_world, team_world.other_rep)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_two_managers_at_once_have_one_winner(team_world: TeamWorld, verdict: Verdict) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    start = Barrier(2)

    def decide(by: Actor) -> str:
        start.wait()
        try:
            rulings.rule(team_world.desk, ruling, verdict, f"Says {by.name}", by=by)
        except Conflict as error:
            return str(error.params["judge"])
        return "won"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, (team_world.manager, team_world.admin)))
    assert sorted(outcome == "won" for outcome in outcomes) == [False, True]
    winner = ("Manager", "Admin")[outcomes.index("won")]
    assert winner in outcomes
    assert [one.sentence for one in events(team_world, number) if isinstance(one, RulingMade)] == [f"Says {winner}"]


def test_asking_twice_at_once_makes_one_request(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    refused(team_world, team_world.other_rep)
    start = Barrier(2)

    def ask(plea: str) -> str:
        start.wait()
        try:
            rulings.ask(team_world.desk, number, plea, by=team_world.other_rep)
        except Conflict as error:
            return error.key
        return "asked"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, ("One", "Two"))) == ["asked", "ruling.asked_already"]


def test_asker_who_left_meanwhile_gets_nothing_but_the_case_can_be_closed(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    disable(team_world, team_world.other_rep)
    for verdict in (Verdict.GIVE, Verdict.SHARE):
        with pytest.raises(RuleBroken) as caught:
            rulings.rule(team_world.desk, ruling, verdict, "Met first", by=team_world.manager)
        assert caught.value.key == "ruling.asker_gone"
    assert row_of(team_world, number).has_collision
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "They left", by=team_world.manager)
    assert not row_of(team_world, number).has_collision


def test_asker_who_cannot_own_gets_nothing(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    rulings.ask(team_world.desk, number, "I did the demo", by=team_world.specialist)
    [case] = rulings.waiting(team_world.desk, by=team_world.manager)
    with pytest.raises(RuleBroken) as caught:
        rulings.rule(team_world.desk, case.id, Verdict.GIVE, "Met first", by=team_world.manager)
    assert caught.value.key == "ruling.asker_cannot_own"


def test_closed_meanwhile_can_be_kept_or_shared_but_not_given(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    stages.lose(team_world.desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    with pytest.raises(RuleBroken) as caught:
        rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    assert caught.value.key == "ruling.closed_meanwhile"
    rulings.rule(team_world.desk, ruling, Verdict.SHARE, "It is free", by=team_world.manager)
    assert row_of(team_world, number).attention_at is None
    with pytest.raises(RuleBroken) as caught:
        rulings.ask(team_world.desk, number, "Mine", by=team_world.other_rep)
    assert caught.value.key == "collision.free_now"


def test_pending_offer_is_taken_back_when_it_is_given_away(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    assert team_world.rep2.slack_user_id is not None
    handovers.offer(team_world.desk, number, team_world.rep2.slack_user_id, None, by=team_world.rep)
    ruling = asked(team_world, number, team_world.other_rep)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    with pytest.raises(RuleBroken):
        handovers.accept(team_world.desk, number, by=team_world.rep2)


def pooled(world: TeamWorld) -> int:
    number = taken(world, mine=False).id
    for _ in range(5):
        owner = opportunities.view(world.desk, number, by=world.admin).owner
        if owner is None:
            return number
        by = next(one for one in (world.rep, world.rep2, world.manager) if one.member_id == owner.id)
        handovers.decline(world.desk, number, None, by=by)
    raise AssertionError("it never came into the pool")


def test_pooled_opportunity_is_claimed_by_its_team_and_ruled_for_others(team_world: TeamWorld) -> None:
    number = pooled(team_world)
    error = refused(team_world, team_world.rep)
    inside = collisions.look(team_world.desk, error.params["customer_id"], number, by=team_world.rep)
    assert (inside.state, inside.owner, inside.may_claim) == ("pool", None, True)
    refused(team_world, team_world.other_rep)
    outside = collisions.look(team_world.desk, error.params["customer_id"], number, by=team_world.other_rep)
    assert (outside.state, outside.may_claim) == ("pool", False)
    with pytest.raises(RuleBroken):
        collisions.tell_owner(team_world.desk, number, TellForm(text="x"), by=team_world.other_rep)
    ruling = asked(team_world, number, team_world.other_rep)
    with pytest.raises(RuleBroken) as caught:
        rulings.rule(team_world.desk, ruling, Verdict.SHARE, "Both", by=team_world.manager)
    assert caught.value.key == "ruling.nobody_to_share"
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Nobody else wants it", by=team_world.manager)
    shown = opportunities.view(team_world.desk, number, by=team_world.other_rep)
    assert shown.owner is not None
    assert shown.owner.name == "Other Rep"
    with pytest.raises(LeadAlreadyClaimed):
        pool.claim(team_world.desk, number, by=team_world.rep)


def test_what_cannot_be_asked_or_ruled_says_why(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    refused(team_world, team_world.other_rep)
    for plea, key in ((" ", "error.required"), ("x" * 1001, "error.too_long")):
        with pytest.raises(InvalidInput) as caught:
            rulings.ask(team_world.desk, number, plea, by=team_world.other_rep)
        assert caught.value.fields["plea"].key == key
    with pytest.raises(RuleBroken) as yours:
        rulings.ask(team_world.desk, number, "Mine", by=team_world.rep)
    assert yours.value.key == "ruling.yours"
    ruling = asked(team_world, number, team_world.other_rep)
    with pytest.raises(Conflict) as twice:
        rulings.ask(team_world.desk, number, "Mine", by=team_world.other_rep)
    assert twice.value.key == "ruling.asked_already"
    with pytest.raises(InvalidInput):
        rulings.rule(team_world.desk, ruling, Verdict.KEEP, "\x00 ", by=team_world.manager)
    with pytest.raises(NotFound):
        rulings.rule(team_world.desk, 999_999, Verdict.KEEP, "x", by=team_world.manager)
    for by in (team_world.rep, team_world.other_manager, team_world.other_rep):
        with pytest.raises(NotAllowed) as refusal:
            rulings.rule(team_world.desk, ruling, Verdict.KEEP, "x", by=by)
        assert (refusal.value.key, refusal.value.params) == ("ruling.not_judge", {"judges": "Manager"})


def test_nobody_rules_on_a_case_of_their_own_while_another_can(team_world: TeamWorld, database: Database) -> None:
    number = taken(team_world).id
    assert team_world.manager.slack_user_id is not None
    handovers.reassign(team_world.desk, number, team_world.manager.slack_user_id, None, by=team_world.manager)
    ruling = asked(team_world, number, team_world.other_rep)
    assert promised(database, "ruling") == [("ruling", at(team_world.admin))]
    assert rulings.waiting(team_world.desk, by=team_world.manager) == ()
    assert [one.id for one in rulings.waiting(team_world.desk, by=team_world.admin)] == [ruling]
    with pytest.raises(NotAllowed) as refusal:
        rulings.rule(team_world.desk, ruling, Verdict.KEEP, "Mine", by=team_world.manager)
    assert (refusal.value.key, refusal.value.params) == ("ruling.own_case", {"judges": "Admin"})
    disable(team_world, team_world.admin)
    # With no one else left the manager decides after all, in the open.
    assert [one.id for one in rulings.waiting(team_world.desk, by=team_world.manager)] == [ruling]
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "Nobody else is there", by=team_world.manager)


def test_admin_who_asks_does_not_rule_on_it(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    rulings.ask(team_world.desk, number, "Mine", by=team_world.admin)
    [case] = rulings.waiting(team_world.desk, by=team_world.manager)
    with pytest.raises(NotAllowed):
        rulings.rule(team_world.desk, case.id, Verdict.GIVE, "Mine", by=team_world.admin)
    rulings.rule(team_world.desk, case.id, Verdict.GIVE, "The admin knows them", by=team_world.manager)
    shown = opportunities.view(team_world.desk, number, by=team_world.admin)
    assert shown.owner is not None
    assert (shown.owner.name, shown.team_name) == ("Admin", "North")


def test_where_nobody_can_rule_the_asker_is_told_so(desk: Desk, team_world: TeamWorld) -> None:
    number = taken(team_world).id
    refused(team_world, team_world.other_rep)
    for one in (team_world.admin, team_world.manager):
        disable(team_world, one)
    with pytest.raises(RuleBroken) as caught:
        rulings.ask(desk, number, "Mine", by=team_world.other_rep)
    assert (caught.value.key, caught.value.params) == ("ruling.nobody", {"team": "North"})
    assert not row_of(team_world, number).has_collision


def test_rulings_are_the_precedents_of_the_next(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    first = rulings.rule(team_world.desk, ruling, Verdict.KEEP, HOSTILE, by=team_world.manager)
    assert first.precedents == ()
    error = refused(team_world, team_world.rep2)
    shown = collisions.look(team_world.desk, error.params["customer_id"], number, by=team_world.rep2)
    [past] = shown.precedents
    assert (past.verdict, past.sentence, past.judge, past.owner, past.asker) == (
        Verdict.KEEP, HOSTILE, "Manager", "Rep", "Other Rep",
    )  # fmt: skip
    # Another customer has none of its own: the manager sees the team's latest, an outsider sees nothing.
    other = make_lead(team_world.desk, team_world.rep, customer_name="Globex Foundry").opportunity
    with pytest.raises(CustomerProtected):
        make_lead(team_world.desk, team_world.other_rep, customer_name="Globex Foundry")
    assert collisions.look(team_world.desk, other.customer_id, other.id, by=team_world.other_rep).precedents == ()
    rulings.ask(team_world.desk, other.id, "Mine", by=team_world.other_rep)
    [case] = rulings.waiting(team_world.desk, by=team_world.manager)
    assert [one.customer for one in case.precedents] == [ACME]


def test_a_request_carried_out_twice_is_done_once(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    by = team_world.manager.with_key("view:V1:h1")
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "x", by=by)
    with pytest.raises(Exception, match="V1"):
        rulings.rule(team_world.desk, ruling, Verdict.KEEP, "x", by=by)


def test_digest_counts_what_waits_for_a_decision(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    asked(team_world, number, team_world.other_rep)
    day = team_world.clock.now().date()
    assert briefings.daily(team_world.desk, team_world.team.id, by=team_world.manager, day=day).undecided == 1
    assert briefings.daily(team_world.desk, team_world.other_team.id, by=team_world.admin, day=day).undecided == 0


def test_other_workspaces_see_nothing_of_it(desk: Desk, team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    stranger = make_member(desk, "Stranger", slack_team_id="T0ELSE", is_slack_admin=True)
    make_team(desk, by=stranger, manager=stranger)
    stranger = again(desk, stranger, slack_team_id="T0ELSE")
    assert rulings.waiting(desk, by=stranger) == ()
    with pytest.raises(NotFound):
        rulings.case(desk, ruling, by=stranger)
    with pytest.raises(NotFound):
        rulings.rule(desk, ruling, Verdict.KEEP, "x", by=stranger)
    with pytest.raises(NotFound):
        rulings.ask(desk, number, "x", by=stranger)
