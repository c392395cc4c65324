"""Telephone numbers, domains and credit codes: typed in, found by, learnt from files, and where two customers have one."""

from typing import Any

import pytest

from bot.errors import CustomerProtected, InvalidInput
from bot.services import customers, duplicates, leads, merges, opportunities, pool, registrations
from bot.services.edits import EditForm
from bot.services.leads import LeadForm
from bot.services.pool_list import PoolFilter, listing
from bot.services.registrations import RegisterForm
from tests.factories import TeamWorld, again, make_lead, make_member, make_team

CODE = "91310000607337890K"
PHONE = "+86 138 0013 8000"


def _capture(world: TeamWorld, by: Any, name: str, **values: Any) -> Any:
    return leads.capture(world.desk, LeadForm.read({"customer_name": name, "need": "x", **values}), by=by)


@pytest.mark.parametrize("typed", ["https://www.quillback.com/about", CODE.lower(), f" {CODE} "])
def test_a_website_or_code_finds_the_customer_under_another_name(team_world: TeamWorld, typed: str) -> None:
    known = _capture(team_world, team_world.rep, "Quillback Logistics", website_or_code=typed).opportunity
    with pytest.raises(CustomerProtected):
        _capture(team_world, team_world.rep2, "QBL Holding", website_or_code=typed)
    form = RegisterForm.read({"customer_name": "QBL", "note": "met them", "website_or_code": typed})
    with pytest.raises(CustomerProtected):
        registrations.register(team_world.desk, form, by=team_world.rep2)
    assert (
        _capture(team_world, team_world.rep, "QBL", website_or_code=typed).opportunity.customer_id == known.customer_id
    )


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Acme", "error.website_or_code"),
        ("gmail.com", "error.website_or_code"),
        ("ann@acme.com", "error.website_or_code"),
        (CODE[:-1] + "L", "error.credit_code"),
    ],
)
def test_what_is_neither_is_refused_at_its_field(typed: str, key: str) -> None:
    for read in (
        lambda: LeadForm.read({"customer_name": "Acme", "need": "x", "website_or_code": typed}),
        lambda: RegisterForm.read({"customer_name": "Acme", "note": "x", "website_or_code": typed}),
        lambda: EditForm.read({"website_or_code": typed}),
    ):
        with pytest.raises(InvalidInput) as caught:
            read()
        assert {field: text.key for field, text in caught.value.fields.items()} == {"website_or_code": key}


def test_a_code_edited_in_later_finds_the_customer_and_is_told_once(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    known = make_lead(desk, by, customer_name="Quillback Logistics").opportunity
    form = EditForm.read({"website_or_code": CODE})
    assert opportunities.edit(desk, known.id, form, by=by).said.key == "opp.edited"
    assert opportunities.edit(desk, known.id, form, by=by).said.key == "opp.unchanged"
    assert [one.id for one in customers.search(desk, CODE, by=team_world.other_rep)] == [known.customer_id]


@pytest.mark.parametrize(
    "typed", ["+86 138 0013 8000", "quillback.com", "https://quillback.com/x", "bob@quillback.com", CODE, CODE.lower()]
)
def test_the_picker_and_opp_find_by_a_phone_an_address_or_a_code(team_world: TeamWorld, typed: str) -> None:
    desk, by = team_world.desk, team_world.rep
    known = make_lead(
        desk,
        by,
        customer_name="Quillback Logistics",
        contact_phone=PHONE,
        contact_email="ann@quillback.com",
        website_or_code=CODE,
    ).opportunity
    make_lead(desk, by, customer_name="Osprey Textiles")
    (found,) = customers.search(desk, typed, by=team_world.other_rep)
    assert (found.id, found.state, found.is_mine) == (known.customer_id, "protected", False)
    assert [one.id for one in opportunities.find(desk, typed, by=by)] == [known.id]
    assert [one.id for one in opportunities.options(desk, typed, by=by)] == [known.id]
    assert opportunities.find(desk, typed, by=team_world.other_rep) == ()


def test_who_has_the_very_key_comes_before_who_is_called_like_it(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    named = make_lead(desk, by, customer_name="58.com").opportunity
    keyed = make_lead(desk, by, customer_name="Wuba", website_or_code="58.com").opportunity
    assert [one.id for one in customers.search(desk, "58.com", by=by)] == [keyed.customer_id, named.customer_id]
    assert [one.id for one in customers.search(desk, "58.com", by=by, limit=1)] == [keyed.customer_id]
    assert {one.id for one in opportunities.find(desk, "58.com", by=by)} == {keyed.id, named.id}


def test_what_nobody_owns_is_not_found_by_its_hidden_number(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    lead = make_lead(
        desk,
        by,
        customer_name="Quillback",
        contact_phone=PHONE,
        contact_email="ann@quillback.com",
        website_or_code=CODE,
    ).opportunity
    pool.release(desk, lead.id, "no time", by=by)
    for hidden in (PHONE, "ann@quillback.com"):
        assert opportunities.find(desk, hidden, by=team_world.rep2) == ()
        assert listing(desk, PoolFilter(words=hidden), by=team_world.rep2).rows == ()
    for open_one in (CODE, "quillback.com"):
        assert [one.id for one in opportunities.find(desk, open_one, by=team_world.rep2)] == [lead.id]


def test_an_ag_with_the_phone_of_the_gmbh_is_the_gmbh(team_world: TeamWorld) -> None:
    known = _capture(team_world, team_world.rep, "Nordlicht GmbH", contact_phone=PHONE).opportunity
    for name in ("Nordlicht AG", "Suedwind AG"):
        with pytest.raises(CustomerProtected):
            _capture(team_world, team_world.rep2, name, contact_phone=PHONE, confirmed_new=True)
    # Without the number a person decides.
    other = _capture(team_world, team_world.rep2, "Nordlicht AG", confirmed_new=True).opportunity
    assert other.customer_id != known.customer_id


@pytest.mark.parametrize("way", ["picked", "named", "edited"])
def test_another_customers_number_is_told_and_makes_the_two_a_pair(team_world: TeamWorld, way: str) -> None:
    desk, by = team_world.desk, team_world.rep
    theirs = _capture(team_world, team_world.rep2, "Thistle Optics", contact_phone=PHONE).opportunity
    own = _capture(team_world, by, "Quillback Logistics").opportunity
    assert duplicates.pairs(desk, by=team_world.manager) == ()
    form = {"contact_phone": PHONE}

    def again() -> Any:
        if way == "edited":
            return opportunities.edit(desk, own.id, EditForm.read({**form, "contact_name": "Bo"}), by=by)
        if way == "picked":
            values = {"customer_id": own.customer_id, "need": "y", **form}
            return leads.capture(desk, LeadForm.read(values), by=by)
        return _capture(team_world, by, "Quillback Logistics", **form)

    done = again()
    assert done.opportunity.customer_id == own.customer_id
    (remark,) = done.remarks
    assert (remark.key, remark.params) == (
        "lead.remark.shared_owned",
        {"customer": "Thistle Optics", "owner": "Rep Two"},
    )
    again()
    (pair,) = duplicates.pairs(desk, by=team_world.manager)
    assert {pair.first_id, pair.second_id} == {theirs.customer_id, own.customer_id}
    assert (pair.verdict, pair.deciding) == ("same", ("phone",))
    # The number stays whose it was, until they are one.
    assert [one.name for one in customers.search(desk, PHONE, by=by)] == ["Thistle Optics"]
    merges.merge(desk, own.customer_id, theirs.customer_id, by=team_world.manager)
    assert duplicates.pairs(desk, by=team_world.manager) == ()


def test_a_pair_told_apart_is_not_proposed_for_its_number_either(team_world: TeamWorld) -> None:
    desk = team_world.desk
    theirs = _capture(team_world, team_world.rep2, "Thistle Optics", contact_phone=PHONE).opportunity
    own = _capture(team_world, team_world.rep, "Quillback Logistics").opportunity
    opportunities.edit(desk, own.id, EditForm(contact_phone=PHONE), by=team_world.rep)
    duplicates.tell_apart(desk, own.customer_id, theirs.customer_id, by=team_world.manager)
    assert duplicates.pairs(desk, by=team_world.manager) == ()


@pytest.mark.parametrize(
    ("country", "zone", "typed", "key"),
    [
        ("DE-BY", "Europe/Berlin", "089 21230", "+498921230"),
        ("US-CA", "America/Los_Angeles", "(650) 253-0000", "+16502530000"),
        (None, "Asia/Shanghai", "13800138000", "+8613800138000"),
        (None, "Asia/Chongqing", "13800138000", "+8613800138000"),
        ("CN", "Europe/Berlin", "13800138000", "+8613800138000"),
        (None, "UTC", "(650) 253-0000", "+16502530000"),
    ],
)
def test_a_local_number_is_of_the_teams_country_else_of_its_zone(
    team_world: TeamWorld, country: str | None, zone: str, typed: str, key: str
) -> None:
    desk = team_world.desk
    rep = make_member(desk, "Local Rep")
    make_team(desk, by=team_world.admin, manager=team_world.manager, reps=(rep,), country=country, zone=zone)
    rep = again(desk, rep)
    lead = _capture(team_world, rep, "Quillback Logistics", contact_phone=typed).opportunity
    with pytest.raises(CustomerProtected):
        _capture(team_world, team_world.rep, "QBL Holding", contact_phone=key)
    assert [one.customer for one in opportunities.find(desk, typed, by=rep)] == ["Quillback Logistics"]
    other = _capture(team_world, rep, "Vermilion Dairy").opportunity
    done = opportunities.edit(desk, other.id, EditForm(contact_phone=typed), by=rep)
    assert lead.customer in repr(done.remarks)
