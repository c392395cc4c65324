"""Possible duplicates, in the service and at the terminal; and keys that a customer learns from a later edit."""

import json

import pytest

from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.services import customers, duplicates, leads, merges, opportunities
from bot.services.desk import Desk
from bot.services.edits import EditForm
from bot.services.leads import LeadForm
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.conftest import Run


def test_pairs_that_share_most_come_first_and_merged_ones_no_more(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.manager
    numbers = [
        make_lead(desk, team_world.rep, customer_name=name).opportunity.customer_id
        for name in (
            "Quillback Logistics Berlin",
            "Thistle Optics",
            "Quillback Logistics",
            "北京华星科技有限公司",
            "华星",
        )
    ]
    found = duplicates.pairs(desk, by=by)
    assert [{one.first_id, one.second_id} for one in found] == [{numbers[0], numbers[2]}, {numbers[3], numbers[4]}]
    assert found[0].verdict == "possible"
    assert found[0].shared >= found[1].shared
    assert len(duplicates.pairs(desk, by=by, limit=1)) == 1
    merges.merge(desk, numbers[0], numbers[2], by=by)
    assert [{one.first_id, one.second_id} for one in duplicates.pairs(desk, by=by)] == [{numbers[3], numbers[4]}]


def test_told_apart_is_proposed_no_more_until_it_is_taken_back(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.manager
    first, second = (
        make_lead(desk, team_world.rep, customer_name=name).opportunity.customer_id
        for name in ("Quillback Logistics", "Quillback Logistics Berlin")
    )
    told = duplicates.tell_apart(desk, second, first, by=by)
    assert (told.first, told.second, told.by.name if told.by else None, told.at) == (
        "Quillback Logistics", "Quillback Logistics Berlin", "Manager", team_world.clock.now(),
    )  # fmt: skip
    assert duplicates.pairs(desk, by=by) == ()
    # Twice is once; and a merge is still there for who chooses both.
    assert duplicates.tell_apart(desk, first, second, by=team_world.admin) == told
    assert duplicates.told_apart(desk, by=by) == (told,)
    assert merges.plan(desk, first, second, by=by).sides[0].id == first
    assert duplicates.propose_again(desk, told.id, by=team_world.admin) == told
    assert [(one.first_id, one.second_id) for one in duplicates.pairs(desk, by=by)] == [(first, second)]
    with pytest.raises(NotFound):
        duplicates.propose_again(desk, told.id, by=by)
    for wrong in (first, 999_999):
        with pytest.raises(InvalidInput):
            duplicates.tell_apart(desk, first, wrong, by=by)
    for refused in (
        lambda: duplicates.tell_apart(desk, first, second, by=team_world.rep),
        lambda: duplicates.propose_again(desk, told.id, by=team_world.rep),
        lambda: duplicates.told_apart(desk, by=team_world.rep),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_rep_does_not_see_customers_of_all_teams(team_world: TeamWorld) -> None:
    with pytest.raises(NotAllowed):
        duplicates.pairs(team_world.desk, by=team_world.rep)


def test_the_terminal_lists_pairs(run: Run, program_desk: Desk) -> None:
    assert run("identity", "duplicates").output == "No two customers look like one.\n"
    world = make_team_world(program_desk, program_desk.clock)  # type: ignore[arg-type]
    for name in ("Quillback Logistics", "Quillback Logistics Berlin"):
        make_lead(program_desk, world.rep, customer_name=name)
    assert run("identity", "duplicates").output == "possible 1 Quillback Logistics  |  2 Quillback Logistics Berlin\n"
    line = json.loads(run("identity", "duplicates", "--json").output)
    assert (line["first"], line["second"], line["verdict"]) == (
        "Quillback Logistics",
        "Quillback Logistics Berlin",
        "possible",
    )
    assert run("identity", "duplicates", "--apart", "2", "1").output == (
        "not one: Quillback Logistics  |  Quillback Logistics Berlin\n"
    )
    assert run("identity", "duplicates").output == "No two customers look like one.\n"


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ({"contact_phone": "+86 139 1234 5678"}, {"contact_phone": "+86 13912345678"}),
        ({"contact_email": "ann@quillback.test.cn"}, {"contact_email": "bob@quillback.test.cn"}),
    ],
)
def test_a_phone_or_mail_address_edited_later_finds_the_customer(
    team_world: TeamWorld, typed: dict[str, str], again: dict[str, str]
) -> None:
    desk = team_world.desk
    known = make_lead(desk, team_world.rep, customer_name="Quillback Logistics").opportunity
    form = EditForm.read(typed)
    opportunities.edit(desk, known.id, form, by=team_world.rep, version=None)
    more = LeadForm.read({"customer_name": "A New Name", "need": "x", "confirmed_new": True, **again})
    assert leads.capture(desk, more, by=team_world.rep).opportunity.customer_id == known.customer_id


def test_a_phone_that_is_another_customers_stays_theirs(team_world: TeamWorld) -> None:
    desk, phone = team_world.desk, "+86 139 1234 5678"
    first = make_lead(desk, team_world.rep, customer_name="Thistle Optics", contact_phone=phone).opportunity
    known = make_lead(desk, team_world.rep, customer_name="Quillback Logistics").opportunity
    opportunities.edit(desk, known.id, EditForm(contact_phone=phone), by=team_world.rep, version=None)
    more = LeadForm(customer_name="A New Name", need="x", confirmed_new=True, contact_phone=phone)
    assert leads.capture(desk, more, by=team_world.rep).opportunity.customer_id == first.customer_id
    assert customers.standing(desk, 999, by=team_world.rep) is None
