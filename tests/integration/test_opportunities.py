"""Opportunities as people look for and correct them: the view, lists, notes and edits, and who may see what."""

from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.events import NoteAdded, OpportunityEdited
from bot.errors import InvalidInput, NotAllowed, NotFound, RuleBroken, StaleRecord
from bot.services import handovers, opportunities, reviews, stages
from bot.services.opportunities import EditForm
from bot.services.reading import UNDO_MINUTES, is_undoable_until
from bot.services.stages import LossForm
from tests.factories import TeamWorld, make_lead


def lead(world: TeamWorld, by: Any = None, **values: Any) -> int:
    return make_lead(world.desk, by or world.rep, **values).opportunity.id


def ids(lines: Any) -> list[int]:
    return [line.id for line in lines]


def test_who_may_see_and_do_what(team_world: TeamWorld) -> None:
    number = lead(team_world)
    acting = {"note", "follow_up", "advance", "won", "lost", "handover", "edit", "release"}
    for who, may in (
        (team_world.rep, acting),
        (team_world.manager, acting | {"reassign"}),
        (team_world.admin, acting | {"reassign"}),
        (team_world.rep2, {"note"}),
        (team_world.specialist, {"note"}),
    ):
        assert opportunities.view(team_world.desk, number, by=who).may == may
    for who in (team_world.other_rep, team_world.other_manager):
        for look in (
            lambda by: opportunities.view(team_world.desk, number, by=by),
            lambda by: opportunities.history(team_world.desk, number, by=by),
            lambda by: opportunities.note(team_world.desk, number, "x", by=by),
            lambda by: opportunities.edit(team_world.desk, number, EditForm(need="x"), by=by),
        ):
            with pytest.raises(NotFound):
                look(who)
        assert opportunities.find(team_world.desk, "", by=who) == ()
    for who in (team_world.rep2, team_world.specialist):
        with pytest.raises(NotAllowed):
            opportunities.edit(team_world.desk, number, EditForm(need="x"), by=who)


def test_an_owner_of_another_team_sees_what_they_own(team_world: TeamWorld) -> None:
    number = lead(team_world)
    handovers.offer(team_world.desk, number, "UOTHERREP", None, by=team_world.rep)
    handovers.accept(team_world.desk, number, by=team_world.other_rep)
    assert ids(opportunities.find(team_world.desk, "", by=team_world.other_rep)) == [number]
    assert "advance" in opportunities.view(team_world.desk, number, by=team_world.other_rep).may


def test_words_find_by_customer_and_by_need_ones_own_first(team_world: TeamWorld) -> None:
    desk = team_world.desk
    first = lead(team_world, customer_name="Marigold Foundry", need="A new CRM")
    second = lead(team_world, team_world.rep2, customer_name="Osprey Textiles", need="100% cotton_x")
    third = lead(team_world, customer_name="华为技术有限公司", need="服务器")
    assert ids(opportunities.find(desk, "", by=team_world.rep)) == [third, first, second]
    assert ids(opportunities.find(desk, "", by=team_world.rep2)) == [second, third, first]
    for words, found in (
        ("mari", [first]),
        ("marigold foun", [first]),
        ("crm", [first]),
        ("NEW CRM", [first]),
        ("100%", [second]),
        ("%", [second]),
        ("cotton_", [second]),
        ("华为", [third]),
        ("服务器", [third]),
        ("huaweijishu", [third]),
        ("華為技術股份有限公司", [third]),
        ("Marigould Foundry", [first]),
        ("nowhere", []),
        ("。", []),
    ):
        assert ids(opportunities.find(desk, words, by=team_world.rep)) == found, words
    stages.lose(desk, LossForm(opportunity_id=first, reason="price"), by=team_world.rep)
    assert ids(opportunities.find(desk, "mari", by=team_world.rep)) == []
    assert ids(opportunities.find(desk, "mari", by=team_world.rep, scope="all")) == [first]
    assert len(opportunities.find(desk, "", by=team_world.rep, scope="all", limit=2)) == 2


def test_words_of_a_manager_s_type_ahead_forgive_a_slip_and_take_pinyin(team_world: TeamWorld) -> None:
    first = lead(team_world, customer_name="Marigold Foundry")
    second = lead(team_world, team_world.rep2, customer_name="华为技术有限公司")
    for typed, found in (("marigold", [first]), ("Marigolt Foundry", [first]), ("hwjs", [second]), ("zzzz", [])):
        assert ids(opportunities.options(team_world.desk, typed, by=team_world.manager)) == found, typed


def test_lists_of_ones_own_of_what_is_late_closing_and_of_a_member(team_world: TeamWorld) -> None:
    desk, now = team_world.desk, team_world.clock.now()
    late = lead(team_world, next_due_at=now + timedelta(hours=1))
    soon = lead(team_world, next_due_at=now + timedelta(days=1), expected_close_on=date(2026, 4, 2))
    theirs = lead(
        team_world, team_world.rep2, next_due_at=now + timedelta(minutes=30), expected_close_on=date(2026, 4, 1)
    )
    closed = lead(team_world)
    stages.lose(desk, LossForm(opportunity_id=closed, reason="price"), by=team_world.rep)
    team_world.clock.advance(timedelta(hours=1))
    assert ids(opportunities.mine(desk, by=team_world.rep)) == [late, soon]
    assert ids(opportunities.overdue(desk, by=team_world.rep)) == [late]
    assert ids(opportunities.overdue(desk, by=team_world.manager)) == [theirs, late]
    assert ids(opportunities.closing(desk, by=team_world.rep)) == [soon]
    assert ids(opportunities.closing(desk, by=team_world.admin)) == [theirs, soon]
    assert ids(opportunities.of_member(desk, "UREPTWO", by=team_world.rep)) == [theirs]
    assert ids(opportunities.of_member(desk, "UREPTWO", by=team_world.other_rep)) == []
    with pytest.raises(NotFound):
        opportunities.of_member(desk, "UNOBODY", by=team_world.rep)
    assert ids(opportunities.options(desk, "", by=team_world.rep)) == [late, soon]
    assert ids(opportunities.options(desk, "", by=team_world.manager)) == [theirs, late, soon]
    assert ids(opportunities.options(desk, "", by=team_world.admin)) == [theirs, late, soon]
    line = opportunities.mine(desk, by=team_world.rep)[0]
    assert line.owner is not None
    assert (line.is_overdue, line.grade, line.stage.key, line.owner.name) == (True, "C", "lead", "Rep")


def test_history_comes_in_pages_newest_first(team_world: TeamWorld) -> None:
    number = lead(team_world)
    for count in range(25):
        opportunities.note(team_world.desk, number, f"Note {count}", by=team_world.rep, permalink="https://p.test/1")
    first = opportunities.history(team_world.desk, number, by=team_world.rep)
    assert len(first) == 20
    assert first[0].event == NoteAdded("Note 24", "https://p.test/1")
    rest = opportunities.history(team_world.desk, number, by=team_world.rep, before_id=first[-1].id)
    assert [line.id for line in (*first, *rest)] == sorted((line.id for line in (*first, *rest)), reverse=True)
    shown = opportunities.view(team_world.desk, number, by=team_world.rep, history=2)
    assert (len(shown.history), shown.history_count) == (2, len(first) + len(rest))


def test_a_note_is_kept_as_it_was_written(team_world: TeamWorld) -> None:
    number = lead(team_world)
    text = "<!channel> \u202eabc 👩‍👩‍👧"
    opportunities.note(team_world.desk, number, text + "\x00" + "y" * 5000, by=team_world.rep, source="thread")
    event = opportunities.history(team_world.desk, number, by=team_world.rep, limit=1)[0].event
    assert isinstance(event, NoteAdded)
    assert event.text.startswith(text + "yyy")
    assert (len(event.text), event.source) == (3000, "thread")


def test_an_edit_says_what_was_and_what_is_and_grades_again(team_world: TeamWorld) -> None:
    number = lead(team_world, contact_name="Bob", amount="5k")
    form = EditForm.read(
        {
            "need": "More",
            "amount": "€60k",
            "source": "referral",
            "expected_close_on": date(2026, 3, 20),
            "contact_title": "CTO",
            "contact_phone": "+86 138 0013 8000",
            "facts": {"intent": "quote", "quote_amount": "60k", "unknown": "x"},
        }
    )
    done = opportunities.edit(team_world.desk, number, form, by=team_world.rep)
    shown = done.opportunity
    assert (shown.need, shown.amount_minor, shown.currency, shown.grade, shown.score) == (
        "More",
        6_000_000,
        "EUR",
        "B",
        60,
    )
    assert shown.contact is not None
    assert (shown.contact.name, shown.contact.title, shown.contact.phone) == ("Bob", "CTO", "+86 138 0013 8000")
    assert "unknown" not in shown.facts
    events = [line.event for line in opportunities.history(team_world.desk, number, by=team_world.rep, limit=2)]
    edited = next(one for one in events if isinstance(one, OpportunityEdited))
    assert edited.changes["amount_minor"] == [500_000, 6_000_000]
    assert edited.changes["expected_close_on"] == [None, "2026-03-20"]
    assert edited.changes["contact_title"] == [None, "CTO"]
    assert edited.changes["intent"] == [None, "quote"]
    same = opportunities.edit(team_world.desk, number, form, by=team_world.rep)
    assert (same.said.key, same.event_id) == ("opp.unchanged", None)


def test_what_cannot_be_used_comes_back_at_its_field(team_world: TeamWorld) -> None:
    number = lead(team_world)
    for field, values in (
        ("amount", {"amount": "much"}),
        ("quote_amount", {"facts": {"quote_amount": "much"}}),
        ("contact_phone", {"contact_phone": "12"}),
        ("contact_email", {"contact_email": "nobody"}),
        ("expected_close_on", {"expected_close_on": date(2026, 3, 1)}),
        ("need", {"need": "x" * 2001}),
    ):
        with pytest.raises(InvalidInput) as caught:
            opportunities.edit(team_world.desk, number, EditForm.read(values), by=team_world.rep)
        assert set(caught.value.fields) == {field}


def test_an_older_version_is_told_apart(team_world: TeamWorld) -> None:
    number = lead(team_world)
    version = opportunities.view(team_world.desk, number, by=team_world.rep).version
    opportunities.edit(team_world.desk, number, EditForm(need="A"), by=team_world.rep, version=version)
    with pytest.raises(StaleRecord):
        opportunities.edit(team_world.desk, number, EditForm(need="B"), by=team_world.manager, version=version)


def test_a_new_contact_without_a_name_is_called_by_its_number(team_world: TeamWorld) -> None:
    shown = opportunities.edit(
        team_world.desk, lead(team_world), EditForm(contact_phone="+8613800138000"), by=team_world.rep
    ).opportunity
    assert shown.contact is not None
    assert shown.contact.name == "+8613800138000"


def test_a_source_outside_the_list_is_shown_as_it_is(team_world: TeamWorld) -> None:
    shown = opportunities.view(team_world.desk, lead(team_world, source="Skywriting"), by=team_world.rep)
    assert shown.source is not None
    assert (shown.source.en, shown.source.zh) == ("Skywriting", "Skywriting")
    known = opportunities.view(team_world.desk, lead(team_world, source="referral"), by=team_world.rep)
    assert known.source is not None
    assert known.source.zh == "转介绍"


def test_the_points_are_named_in_both_languages_and_add_up(team_world: TeamWorld) -> None:
    shown = make_lead(team_world.desk, team_world.rep, amount="90k").opportunity
    assert [(line.criterion.en, line.points) for line in shown.points][-1] == ("Size", 5)
    assert sum(line.points for line in shown.points) == shown.score


def test_a_review_is_written_once_it_is_closed(team_world: TeamWorld) -> None:
    number = lead(team_world)
    with pytest.raises(RuleBroken):
        reviews.write(team_world.desk, number, "x", by=team_world.rep)
    stages.lose(team_world.desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    with pytest.raises(InvalidInput):
        reviews.write(team_world.desk, number, " \x00", by=team_world.rep)
    with pytest.raises(NotAllowed):
        reviews.write(team_world.desk, number, "x", by=team_world.rep2)
    assert reviews.write(team_world.desk, number, "Ask earlier\x00", by=team_world.rep).opportunity.is_reviewed


def test_an_action_can_be_undone_for_ten_minutes(team_world: TeamWorld) -> None:
    assert UNDO_MINUTES == 10
    assert is_undoable_until(team_world.clock.now()) == team_world.clock.now() + timedelta(minutes=10)
