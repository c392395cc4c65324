"""Handovers: the owner stays until the other accepts; stage, next step and history are untouched by the change."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.events import HandoverDeclined, HandoverOffered, OwnerChanged
from bot.errors import InvalidInput, NotAllowed, NotFound, RuleBroken
from bot.models import OutboxRow
from bot.models.session import Database
from bot.services import follow_ups, handovers, leads, members, opportunities, outbox, pool, reports, stages
from bot.services.desk import Actor
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.members import Profile
from bot.services.stages import LossForm
from bot.services.values import OpportunityView
from tests.factories import TeamWorld, make_lead, make_member

KEPT = (
    "stage", "stage_entered_at", "next_text", "next_due_at", "need", "contact", "amount_minor", "facts", "grade", "team_id", "captured_at",
    "last_follow_up_at",
)  # fmt: skip


def kept(shown: OpportunityView) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in KEPT}


def slack(actor: Actor) -> str:
    assert actor.slack_user_id is not None
    return actor.slack_user_id


def own_lead(world: TeamWorld) -> OpportunityView:
    one = make_lead(world.desk, world.rep, contact_phone="+8613800138000", amount="9k").opportunity
    stages.advance(world.desk, one.id, "qualified", by=world.rep)
    due = world.clock.now() + timedelta(days=2)
    form = FollowUpForm(opportunity_id=one.id, said="Hello", next_step="Offer", next_due_at=due)
    return follow_ups.log(world.desk, form, by=world.rep).opportunity


def notices(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "notice").order_by(OutboxRow.id))
        return [(row.channel, row.payload["key"], row.payload["params"]) for row in rows]


def test_the_owner_stays_until_the_other_accepts_and_nothing_else_changes(
    team_world: TeamWorld, database: Database
) -> None:
    before = own_lead(team_world)
    offered = handovers.offer(team_world.desk, before.id, slack(team_world.rep2), "Knows them\x00", by=team_world.rep)
    assert offered.said.params == {"member": "Rep Two"}
    assert offered.opportunity.owner is not None
    assert offered.opportunity.offered_to is not None
    assert (offered.opportunity.owner.name, offered.opportunity.offered_to.name) == ("Rep", "Rep Two")
    assert kept(offered.opportunity) == kept(before)
    team_world.clock.advance(timedelta(hours=1))
    taken = handovers.accept(team_world.desk, before.id, by=team_world.rep2).opportunity
    assert taken.owner is not None
    assert (taken.owner.name, taken.is_accepted, taken.offered_to) == ("Rep Two", True, None)
    assert taken.owner_reason is not None
    assert (taken.owner_reason.key, taken.owner_reason.params) == ("assign.handed_over", {"name": "Rep"})
    assert kept(taken) == kept(before)
    events = [line.event for line in opportunities.history(team_world.desk, before.id, by=team_world.rep2, limit=2)]
    assert isinstance(events[0], OwnerChanged)
    assert (events[0].before, events[0].after, events[0].how) == ("Rep", "Rep Two", "handover")
    assert isinstance(events[1], HandoverOffered)
    assert events[1].note == "Knows them"
    assert notices(database) == [
        (f"member:{team_world.rep.member_id}", "notice.handover_accepted", {"member": "Rep Two"})
    ]
    with pytest.raises(NotAllowed):
        stages.advance(team_world.desk, before.id, "lead", by=team_world.rep)
    stages.advance(team_world.desk, before.id, "lead", by=team_world.rep2)


def test_the_new_owner_sees_the_whole_history_the_contacts_and_the_note_before_accepting(
    team_world: TeamWorld,
) -> None:
    before = own_lead(team_world)
    for number in range(30):
        opportunities.note(team_world.desk, before.id, f"Note {number}", by=team_world.rep)
    # Somebody of another team, who could not see it otherwise.
    handovers.offer(team_world.desk, before.id, slack(team_world.other_rep), "Please", by=team_world.rep)
    shown, note, giver = handovers.dossier(team_world.desk, before.id, by=team_world.other_rep)
    assert (note, giver) == ("Please", "Rep")
    assert len(shown.history) == shown.history_count > 30
    assert [one.phone for one in shown.contacts] == ["+8613800138000"]
    assert (shown.next_text, "accept" in shown.may) == ("Offer", True)
    with pytest.raises(NotFound):
        handovers.dossier(team_world.desk, before.id, by=team_world.other_manager)
    assert handovers.dossier(team_world.desk, before.id, by=team_world.manager)[1:] == ("Please", "Rep")
    taken = handovers.accept(team_world.desk, before.id, by=team_world.other_rep).opportunity
    assert taken.team_id == team_world.team.id
    assert handovers.dossier(team_world.desk, before.id, by=team_world.rep)[1:] == (None, None)


def test_a_declined_handover_stays_where_it_was(team_world: TeamWorld, database: Database) -> None:
    before = own_lead(team_world)
    handovers.offer(team_world.desk, before.id, slack(team_world.rep2), None, by=team_world.rep)
    done = handovers.decline(team_world.desk, before.id, "Too much\x00", by=team_world.rep2)
    assert done.opportunity.owner is not None
    assert (done.opportunity.owner.name, done.opportunity.offered_to) == ("Rep", None)
    assert kept(done.opportunity) == kept(before)
    event = opportunities.history(team_world.desk, before.id, by=team_world.rep, limit=1)[0].event
    assert event == HandoverDeclined(team_world.rep2.member_id or 0, "Rep Two", "Too much")
    assert notices(database) == [
        (
            f"member:{team_world.rep.member_id}",
            "notice.handover_declined",
            {"member": "Rep Two", "reason": "Too much"},
        )
    ]
    with pytest.raises(RuleBroken) as caught:
        handovers.accept(team_world.desk, before.id, by=team_world.rep2)
    assert caught.value.key == "handover.nothing_waits"


def test_only_who_was_asked_may_answer(team_world: TeamWorld) -> None:
    before = own_lead(team_world)
    for answer in (handovers.accept, lambda *a, **k: handovers.decline(a[0], a[1], None, **k)):
        with pytest.raises(RuleBroken):
            answer(team_world.desk, before.id, by=team_world.rep2)
    handovers.offer(team_world.desk, before.id, slack(team_world.rep2), None, by=team_world.rep)
    for who in (team_world.rep, team_world.manager, team_world.admin, team_world.other_rep):
        with pytest.raises(RuleBroken):
            handovers.accept(team_world.desk, before.id, by=who)


def test_a_second_offer_takes_the_place_of_the_first(team_world: TeamWorld) -> None:
    before = own_lead(team_world)
    handovers.offer(team_world.desk, before.id, slack(team_world.rep2), None, by=team_world.rep)
    handovers.offer(team_world.desk, before.id, slack(team_world.other_rep), None, by=team_world.rep)
    with pytest.raises(RuleBroken):
        handovers.accept(team_world.desk, before.id, by=team_world.rep2)
    promises = [one for one in _all_promises(team_world) if one.kind == "handover"]
    assert [outbox.is_pending(team_world.desk, one, one.payload["assignment_id"]) for one in promises] == [False, True]
    assert handovers.accept(team_world.desk, before.id, by=team_world.other_rep).opportunity.owner is not None


def _all_promises(world: TeamWorld) -> list[outbox.Promise]:
    found: list[outbox.Promise] = []
    while leased := outbox.lease(world.desk):
        found += leased
        for one in leased:
            outbox.sent(world.desk, one, channel="C", ts="1")
    return sorted(found, key=lambda one: one.id)


@pytest.mark.parametrize("how", [handovers.offer, handovers.reassign])
def test_who_cannot_own_it_is_refused_at_the_field(team_world: TeamWorld, how: Any) -> None:
    one = own_lead(team_world)
    by = team_world.manager
    until = team_world.clock.now() + timedelta(days=3)
    members.set_away(team_world.desk, until, by=team_world.rep2)
    make_member(team_world.desk, "Teamless")
    members.refresh(
        team_world.desk, by.workspace_id, Profile(slack(team_world.other_rep), "Other Rep", is_active=False)
    )
    for to, key, params in (
        (slack(team_world.rep2), "handover.away", {"member": "Rep Two", "until": until}),
        (slack(team_world.other_rep), "handover.inactive", {"member": "Other Rep"}),
        (slack(team_world.specialist), "handover.not_a_rep", {"member": "Specialist"}),
        ("UTEAMLESS", "handover.not_a_rep", {"member": "Teamless"}),
        (slack(team_world.rep), "handover.same_owner", {"member": "Rep"}),
    ):
        with pytest.raises(InvalidInput) as caught:
            how(team_world.desk, one.id, to, None, by=by)
        assert (set(caught.value.fields), caught.value.key, caught.value.params) == ({"to"}, key, params)
    with pytest.raises(NotFound):
        how(team_world.desk, one.id, "UNOBODY", None, by=by)


def test_who_is_back_again_can_take_it(team_world: TeamWorld) -> None:
    one = own_lead(team_world)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(hours=1), by=team_world.rep2)
    team_world.clock.advance(timedelta(hours=1))
    assert handovers.offer(team_world.desk, one.id, slack(team_world.rep2), None, by=team_world.rep).said


def test_who_may_hand_over_and_reassign(team_world: TeamWorld) -> None:
    one = own_lead(team_world)
    for who, refusal in (
        (team_world.rep2, NotAllowed),
        (team_world.specialist, NotAllowed),
        (team_world.other_rep, NotFound),
        (team_world.other_manager, NotFound),
    ):
        for how in (handovers.offer, handovers.reassign):
            with pytest.raises(refusal):
                how(team_world.desk, one.id, slack(team_world.rep2), None, by=who)
    with pytest.raises(NotAllowed):
        handovers.reassign(team_world.desk, one.id, slack(team_world.rep2), None, by=team_world.rep)
    handovers.offer(team_world.desk, one.id, slack(team_world.rep2), None, by=team_world.manager)
    handovers.offer(team_world.desk, one.id, slack(team_world.other_manager), None, by=team_world.admin)


def test_what_is_closed_is_not_handed_over(team_world: TeamWorld) -> None:
    one = own_lead(team_world)
    stages.lose(team_world.desk, LossForm(opportunity_id=one.id, reason="price"), by=team_world.rep)
    for how, by in ((handovers.offer, team_world.rep), (handovers.reassign, team_world.manager)):
        with pytest.raises(RuleBroken) as caught:
            how(team_world.desk, one.id, slack(team_world.rep2), None, by=by)
        assert caught.value.key == "error.closed"


def test_a_handover_of_what_was_closed_meanwhile_cannot_be_accepted(team_world: TeamWorld) -> None:
    one = own_lead(team_world)
    handovers.offer(team_world.desk, one.id, slack(team_world.rep2), None, by=team_world.rep)
    stages.lose(team_world.desk, LossForm(opportunity_id=one.id, reason="price"), by=team_world.rep)
    with pytest.raises(RuleBroken):
        handovers.accept(team_world.desk, one.id, by=team_world.rep2)
    assert "accept" not in opportunities.view(team_world.desk, one.id, by=team_world.rep2).may


# --- reassigned by a manager


def test_a_reassigned_one_has_its_new_owner_at_once_who_is_asked_to_accept(
    team_world: TeamWorld, database: Database
) -> None:
    before = own_lead(team_world)
    done = handovers.reassign(team_world.desk, before.id, slack(team_world.rep2), "Rep is ill", by=team_world.manager)
    shown = done.opportunity
    assert shown.owner is not None
    assert shown.owner_reason is not None
    assert (shown.owner.name, shown.is_accepted) == ("Rep Two", False)
    assert (shown.owner_reason.key, shown.owner_reason.params) == ("assign.by_manager", {"name": "Manager"})
    assert kept(shown) == kept(before)
    assert notices(database) == [
        (f"member:{team_world.rep.member_id}", "notice.reassigned", {"member": "Rep Two", "manager": "Manager"})
    ]
    waiting = reports.day(team_world.desk, by=team_world.rep2).waiting
    assert [line.id for line in waiting] == [before.id]
    assert handovers.accept(team_world.desk, before.id, by=team_world.rep2).opportunity.is_accepted


def test_a_declined_reassignment_goes_to_the_next_eligible(team_world: TeamWorld) -> None:
    before = own_lead(team_world)
    handovers.reassign(team_world.desk, before.id, slack(team_world.rep2), None, by=team_world.manager)
    done = handovers.decline(team_world.desk, before.id, None, by=team_world.rep2)
    assert done.opportunity.owner is not None
    assert (done.opportunity.owner.name, done.opportunity.is_accepted) == ("Rep", False)


def test_from_the_pool_a_manager_reassigns_and_the_history_can_be_read(team_world: TeamWorld) -> None:
    for one in (team_world.rep, team_world.rep2):
        members.set_away(team_world.desk, team_world.clock.now() + timedelta(hours=1), by=one)
    form = LeadForm.read({"customer_name": "Acme", "need": "n"})
    pooled = leads.capture(team_world.desk, form, by=team_world.specialist).opportunity
    assert pooled.owner is None
    team_world.clock.advance(timedelta(hours=2))
    shown = handovers.reassign(
        team_world.desk, pooled.id, slack(team_world.rep2), None, by=team_world.manager
    ).opportunity
    assert shown.owner is not None
    events = [line.event for line in opportunities.history(team_world.desk, pooled.id, by=team_world.manager)]
    assert OwnerChanged(None, None, team_world.rep2.member_id or 0, "Rep Two", "reassigned") in events


def test_from_the_pool_a_manager_may_offer_it_and_a_claim_takes_the_offer_back(team_world: TeamWorld) -> None:
    for one in (team_world.rep, team_world.rep2):
        members.set_away(team_world.desk, team_world.clock.now() + timedelta(hours=1), by=one)
    form = LeadForm.read({"customer_name": "Acme", "need": "n"})
    pooled = leads.capture(team_world.desk, form, by=team_world.specialist).opportunity
    team_world.clock.advance(timedelta(hours=2))
    handovers.offer(team_world.desk, pooled.id, slack(team_world.rep2), None, by=team_world.manager)
    pool.claim(team_world.desk, pooled.id, by=team_world.rep)
    with pytest.raises(RuleBroken):
        handovers.accept(team_world.desk, pooled.id, by=team_world.rep2)
    handovers.offer(team_world.desk, pooled.id, slack(team_world.rep2), None, by=team_world.manager)
    shown = handovers.accept(team_world.desk, pooled.id, by=team_world.rep2).opportunity
    assert shown.owner is not None
    assert shown.owner.name == "Rep Two"


def test_an_offered_owner_who_hands_it_on_has_accepted_it(team_world: TeamWorld) -> None:
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(hours=1), by=team_world.rep2)
    form = LeadForm.read({"customer_name": "Acme", "need": "n"})
    one = leads.capture(team_world.desk, form, by=team_world.specialist).opportunity
    shown = handovers.offer(team_world.desk, one.id, slack(team_world.other_rep), None, by=team_world.rep).opportunity
    assert shown.is_accepted
    handovers.decline(team_world.desk, one.id, None, by=team_world.other_rep)
    assert opportunities.view(team_world.desk, one.id, by=team_world.rep).broken == ()
