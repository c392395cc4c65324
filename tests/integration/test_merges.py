"""Merges: two customers become one with both histories, and two again within thirty days; captures meanwhile get lost nowhere."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.events import CustomerMerged, CustomerMergeUndone
from bot.errors import BotError, Conflict, CustomerProtected, InvalidInput, NotAllowed, NotFound, RuleBroken
from bot.models import Contact, Customer, CustomerKey, CustomerMerge, Member, NearKey, Opportunity, OutboxRow, SearchKey
from bot.services import customers, leads, merges, opportunities
from bot.services.desk import Actor
from bot.services.leads import LeadForm
from bot.services.values import OpportunityView
from tests.factories import TeamWorld, again, make_lead


def two(world: TeamWorld, by: Actor | None = None) -> tuple[OpportunityView, OpportunityView]:
    """Return an opportunity of each of two customers, with a contact each; the second one may be somebody else's."""
    desk = world.desk
    first = make_lead(desk, world.rep, customer_name="Quillback Logistics", contact_phone="+8613912345678").opportunity
    other = make_lead(desk, by or world.rep, customer_name="羽鳍物流有限公司", contact_email="li@yuqi.cn")
    return first, other.opportunity


def everything(world: TeamWorld) -> list[object]:
    """Return who has what: of every row that can move, its customer; keys without their numbers."""
    with world.desk.reading(world.admin) as session:
        found: list[object] = [
            session.execute(select(model.id, model.customer_id).order_by(model.id)).all()
            for model in (Opportunity, Contact, CustomerKey)
        ]
        for model in (NearKey, SearchKey):
            rows = session.execute(select(model.customer_id, model.value).order_by(model.customer_id, model.value))
            found.append(rows.all())
        found.append(session.execute(select(Customer.id, Customer.merged_into_id).order_by(Customer.id)).all())
        return found


def test_both_histories_are_with_the_kept_customer_and_each_moved_opportunity_says_so(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    done = merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    assert (done.kept, done.merged, done.opportunity_count, done.contact_count) == (
        "Quillback Logistics",
        "羽鳍物流有限公司",
        1,
        1,
    )
    shown = opportunities.view(team_world.desk, second.id, by=team_world.rep, history=20)
    assert shown.customer == "Quillback Logistics"
    assert shown.history[0].event == CustomerMerged("Quillback Logistics", "羽鳍物流有限公司")
    kinds = {one.event.kind for one in opportunities.view(team_world.desk, first.id, by=team_world.rep).history}
    assert "CustomerMerged" not in kinds


@pytest.mark.parametrize("typed", ["羽鳍", "yuqi", "quill", "羽鳍物流有限公司"])
def test_the_kept_customer_is_found_by_both_names(team_world: TeamWorld, typed: str) -> None:
    first, second = two(team_world)
    merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    found = customers.search(team_world.desk, typed, by=team_world.rep)
    assert [one.id for one in found] == [first.customer_id]
    assert [one.name for one in customers.search(team_world.desk, "", by=team_world.rep)] == ["Quillback Logistics"]


@pytest.mark.parametrize(
    "form",
    [
        {"customer_name": "羽鳍物流有限公司"},
        {"customer_name": "Somebody Else", "contact_email": "wang@yuqi.cn", "confirmed_new": True},
    ],
)
def test_a_capture_by_a_key_of_the_merged_customer_lands_on_the_kept_one(
    team_world: TeamWorld, form: dict[str, object]
) -> None:
    first, second = two(team_world)
    merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    done = leads.capture(team_world.desk, LeadForm.read({"need": "more", **form}), by=team_world.rep)
    assert done.opportunity.customer_id == first.customer_id


def test_a_form_opened_before_the_merge_lands_on_the_kept_one(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    form = LeadForm.read({"customer_id": second.customer_id, "need": "more"})
    assert leads.capture(team_world.desk, form, by=team_world.rep).opportunity.customer_id == first.customer_id
    with pytest.raises(InvalidInput):
        leads.capture(team_world.desk, LeadForm.read({"customer_id": 999, "need": "more"}), by=team_world.rep)


def test_the_very_name_of_a_merged_near_customer_means_the_kept_one(team_world: TeamWorld) -> None:
    desk = team_world.desk
    first = make_lead(desk, team_world.rep, customer_name="北京华星科技有限公司").opportunity
    second = make_lead(desk, team_world.rep, customer_name="华星").opportunity
    assert first.customer_id != second.customer_id
    merges.merge(desk, first.customer_id, second.customer_id, by=team_world.manager)
    done = leads.capture(desk, LeadForm(customer_name="华星", need="more"), by=team_world.rep)
    assert done.opportunity.customer_id == first.customer_id


def test_undo_brings_back_exactly_what_was_the_merged_ones(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    before = everything(team_world)
    done = merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    assert everything(team_world) != before
    team_world.clock.advance(timedelta(days=29))
    undone = merges.undo(team_world.desk, done.id, by=team_world.admin)
    assert undone.undone_at == team_world.clock.now()
    assert everything(team_world) == before
    shown = opportunities.view(team_world.desk, second.id, by=team_world.rep, history=20)
    assert shown.history[0].event == CustomerMergeUndone("Quillback Logistics", "羽鳍物流有限公司")


def test_what_came_since_stays_with_the_kept_one_and_keeps_its_contact(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    done = merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    later = make_lead(team_world.desk, team_world.rep, customer_id=first.customer_id).opportunity
    with team_world.desk.database.transaction(team_world.admin.workspace_id) as session:
        contact_id = session.get_one(Opportunity, second.id).contact_id
        session.get_one(Opportunity, later.id).contact_id = contact_id
    merges.undo(team_world.desk, done.id, by=team_world.manager)
    shown = opportunities.view(team_world.desk, later.id, by=team_world.rep)
    assert shown.customer_id == first.customer_id
    assert shown.contact is not None
    assert (shown.contact.email, shown.contact.id) == ("li@yuqi.cn", shown.contact.id)
    assert shown.contact.id != contact_id
    assert opportunities.view(team_world.desk, second.id, by=team_world.rep).customer_id == second.customer_id


def test_merges_of_merges_are_undone_from_the_last_one_on(team_world: TeamWorld) -> None:
    desk, manager = team_world.desk, team_world.manager
    first, second = two(team_world)
    third = make_lead(desk, team_world.rep, customer_name="Thistle Optics").opportunity
    before = everything(team_world)
    inner = merges.merge(desk, second.customer_id, first.customer_id, by=manager)
    middle = everything(team_world)
    outer = merges.merge(desk, third.customer_id, second.customer_id, by=manager)
    for typed in ("quill", "羽鳍", "thistle"):
        assert [one.id for one in customers.search(desk, typed, by=team_world.rep)] == [third.customer_id]
    done = leads.capture(desk, LeadForm(customer_id=first.customer_id, need="more"), by=team_world.rep)
    assert done.opportunity.customer_id == third.customer_id
    with pytest.raises(Conflict) as refused:
        merges.undo(desk, inner.id, by=manager)
    assert refused.value.key == "merge.merged_again"
    with team_world.desk.database.transaction(team_world.admin.workspace_id) as session:
        session.get_one(Opportunity, done.opportunity.id).customer_id = third.customer_id
    merges.undo(desk, outer.id, by=manager)
    merges.undo(desk, inner.id, by=manager)
    after = everything(team_world)
    assert after[1:] == before[1:]
    assert middle != before


def test_undo_is_refused_after_thirty_days_and_the_second_time(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    done = merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    again = merges.undo(team_world.desk, done.id, by=team_world.manager)
    assert not again.is_open
    with pytest.raises(Conflict):
        merges.undo(team_world.desk, done.id, by=team_world.manager)
    late = merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    team_world.clock.advance(timedelta(days=30, seconds=1))
    with pytest.raises(RuleBroken):
        merges.undo(team_world.desk, late.id, by=team_world.manager)
    assert [(one.id, one.is_open) for one in merges.recent(team_world.desk, by=team_world.manager)] == [
        (late.id, False),
        (done.id, False),
    ]
    with pytest.raises(NotFound):
        merges.undo(team_world.desk, 999, by=team_world.manager)


def test_only_managers_and_admins_merge(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    for who in (team_world.rep, team_world.specialist):
        for attempt in (
            lambda who=who: merges.merge(team_world.desk, first.customer_id, second.customer_id, by=who),
            lambda who=who: merges.plan(team_world.desk, first.customer_id, second.customer_id, by=who),
            lambda who=who: merges.undo(team_world.desk, 1, by=who),
            lambda who=who: merges.recent(team_world.desk, by=who),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_a_manager_needs_a_stake_in_one_of_the_two(team_world: TeamWorld) -> None:
    desk, outsider = team_world.desk, team_world.other_manager
    first, second = two(team_world)
    done = merges.merge(desk, first.customer_id, second.customer_id, by=team_world.manager)
    third = make_lead(desk, team_world.rep2, customer_name="Thistle Optics").opportunity.customer_id
    for attempt in (
        lambda: merges.undo(desk, done.id, by=outsider),
        lambda: merges.plan(desk, first.customer_id, third, by=outsider),
        lambda: merges.merge(desk, first.customer_id, third, by=outsider),
    ):
        with pytest.raises(NotAllowed) as caught:
            attempt()
        assert caught.value.key == "merge.no_stake"
    make_lead(desk, team_world.other_rep, customer_name="Osprey Textiles")
    [theirs] = customers.search(desk, "osprey", by=outsider)
    assert merges.plan(desk, first.customer_id, theirs.id, by=outsider).collides


def test_role_of_manager_alone_merges_nothing(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    with team_world.desk.transaction(team_world.admin) as session:
        session.get_one(Member, team_world.rep.member_id).role = "manager"
    former = again(team_world.desk, team_world.rep)
    for attempt in (
        lambda: merges.merge(team_world.desk, first.customer_id, second.customer_id, by=former),
        lambda: merges.recent(team_world.desk, by=former),
    ):
        with pytest.raises(NotAllowed) as caught:
            attempt()
        assert caught.value.key == "merge.not_allowed"


def told(world: TeamWorld, *keys: str) -> list[tuple[str, str]]:
    """Return which managers were promised which of some notices."""
    with world.desk.reading(world.admin) as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
        return [(row.channel, row.payload["key"]) for row in rows if row.payload.get("key") in keys]


def test_other_managers_whose_teams_work_there_are_told_once_of_the_merge_and_of_its_undoing(
    team_world: TeamWorld,
) -> None:
    desk, keys = team_world.desk, ("notice.customers_merged", "notice.customers_apart", "notice.merge_collision")
    other = f"member:{team_world.other_manager.member_id}"
    first, second = two(team_world, by=team_world.other_rep)
    done = merges.merge(desk, first.customer_id, second.customer_id, by=team_world.manager)
    assert told(team_world, *keys) == [(other, "notice.merge_collision")]
    merges.undo(desk, done.id, by=team_world.manager)
    assert told(team_world, *keys)[1:] == [(other, "notice.customers_apart")]
    plain = make_lead(desk, team_world.rep, customer_name="Thistle Optics").opportunity
    merges.merge(desk, second.customer_id, make_lead(desk, team_world.other_rep).opportunity.customer_id,
                 by=team_world.other_manager)  # fmt: skip
    merges.merge(desk, plain.customer_id, first.customer_id, by=team_world.admin)
    mine = f"member:{team_world.manager.member_id}"
    assert told(team_world, *keys)[2:] == [(mine, "notice.customers_merged")]


def test_a_customer_is_not_merged_with_itself_or_with_one_that_is_gone(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    desk, by = team_world.desk, team_world.admin
    merges.merge(desk, first.customer_id, second.customer_id, by=by)
    for one, other in ((first, first), (first, second), (second, first)):
        with pytest.raises(InvalidInput):
            merges.merge(desk, one.customer_id, other.customer_id, by=by)
    with pytest.raises(InvalidInput):
        merges.plan(desk, first.customer_id, 999, by=by)


def test_different_owners_collide_and_each_manager_is_told_until_it_is_undone(team_world: TeamWorld) -> None:
    first, second = two(team_world, by=team_world.other_rep)
    desk = team_world.desk
    plan = merges.plan(desk, first.customer_id, second.customer_id, by=team_world.manager)
    assert plan.collides
    assert [
        (side.name, side.open_count, side.contact_count, [one.name for one in side.owners]) for side in plan.sides
    ] == [
        ("Quillback Logistics", 1, 1, ["Rep"]),
        ("羽鳍物流有限公司", 1, 1, ["Other Rep"]),
    ]
    done = merges.merge(desk, first.customer_id, second.customer_id, by=team_world.admin)
    assert done.collides
    for one in (first, second):
        assert "collision" in opportunities.view(desk, one.id, by=team_world.admin).broken
    with desk.reading(team_world.admin) as session:
        told = [
            row.channel
            for row in session.scalars(select(OutboxRow))
            if row.payload.get("key") == "notice.merge_collision"
        ]
    assert sorted(told) == sorted(f"member:{one.member_id}" for one in (team_world.manager, team_world.other_manager))
    merges.undo(desk, done.id, by=team_world.admin)
    for one in (first, second):
        assert "collision" not in opportunities.view(desk, one.id, by=team_world.admin).broken


def test_ones_own_opportunities_do_not_collide(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    assert not merges.plan(team_world.desk, first.customer_id, second.customer_id, by=team_world.admin).collides
    assert not merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.admin).collides


def test_captures_at_the_moment_of_merging_and_undoing_all_land_on_who_is_there(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    desk, errors = team_world.desk, []
    begin = threading.Barrier(6)

    def capturing(form: dict[str, object]) -> None:
        begin.wait()
        for number in range(6):
            try:
                leads.capture(desk, LeadForm.read({"need": f"n{number}", **form}), by=team_world.rep)
            except BotError as error:
                errors.append(error)

    def merging(kept: int, merged: int) -> None:
        begin.wait()
        for _ in range(3):
            try:
                done = merges.merge(desk, kept, merged, by=team_world.manager)
                merges.undo(desk, done.id, by=team_world.manager)
            except (InvalidInput, Conflict):
                continue  # the other one merged them the other way round

    works = [
        threading.Thread(target=capturing, args=({"customer_name": "羽鳍物流有限公司"},)),
        threading.Thread(target=capturing, args=({"customer_id": second.customer_id},)),
        threading.Thread(target=capturing, args=({"customer_name": "Quillback Logistics"},)),
        threading.Thread(target=capturing, args=({"customer_id": first.customer_id},)),
        threading.Thread(target=merging, args=(first.customer_id, second.customer_id)),
        threading.Thread(target=merging, args=(second.customer_id, first.customer_id)),
    ]
    for one in works:
        one.start()
    for one in works:
        one.join(60)
    assert not errors
    with desk.reading(team_world.admin) as session:
        merged = {row.id: row.merged_into_id for row in session.scalars(select(Customer))}
        held = session.execute(select(Opportunity.id, Opportunity.customer_id)).all()
        assert all(merged[customer_id] is None for _, customer_id in held)
        assert len(held) == 2 + 4 * 6
        waiting = session.scalars(select(CustomerMerge).where(CustomerMerge.undone_at.is_(None))).all()
        assert len(waiting) == sum(into is not None for into in merged.values())


def test_somebody_elses_merged_customer_is_still_refused(team_world: TeamWorld) -> None:
    first, second = two(team_world)
    merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    with pytest.raises(CustomerProtected):
        leads.capture(team_world.desk, LeadForm(customer_name="羽鳍物流有限公司", need="x"), by=team_world.other_rep)
