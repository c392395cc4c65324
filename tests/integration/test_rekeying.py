"""Keys of older rules of identity become those of the present ones, beside captures, and again and again without harm."""

import threading
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from bot.clock import SystemClock
from bot.models import Customer, CustomerKey, NearKey, SearchKey, Workspace
from bot.services import customers, duplicates, leads, merges, rekeying
from bot.services.desk import Desk, system_actor
from bot.services.leads import LeadForm
from bot.services.rekeying import Rekeyed
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.conftest import Run

Keys = set[tuple[Any, ...]]


def named(world: TeamWorld, *names: str) -> list[int]:
    """Return the customers of new leads of these names."""
    return [
        make_lead(world.desk, world.rep, customer_name=name, confirmed_new=True).opportunity.customer_id
        for name in names
    ]


def keys(world: TeamWorld) -> dict[str, Keys]:
    """Return all keys; those that are moved by number with their numbers."""
    with world.desk.reading(world.admin) as session:
        strong = session.execute(select(CustomerKey.id, CustomerKey.customer_id, CustomerKey.kind, CustomerKey.value))
        found: dict[str, Keys] = {"strong": {tuple(row) for row in strong}}
        for model in (NearKey, SearchKey):
            rows = session.execute(select(model.customer_id, model.value))
            found[model.__tablename__] = {tuple(row) for row in rows}
        return found


def age(world: TeamWorld) -> None:
    """Make the record one of older rules: other keys of names, some too many, some missing."""
    with world.desk.transaction(world.admin) as session:
        ids = list(session.scalars(select(CustomerKey.id).where(CustomerKey.kind == "name")))
        for number in ids:
            session.execute(update(CustomerKey).where(CustomerKey.id == number).values(value=f"old {number}"))
        for model in (NearKey, SearchKey):
            table: Any = model.__table__
            rows = session.execute(select(model.id, model.customer_id).order_by(model.id)).all()
            session.execute(delete(table).where(table.c.id.in_([row.id for row in rows[::3]])))
            old = [{"workspace_id": world.admin.workspace_id, "customer_id": row[1], "value": "old"} for row in rows]
            session.execute(insert(table), old)
        session.execute(update(Workspace).values(key_rules=0))


def rekey(world: TeamWorld) -> Rekeyed:
    return rekeying.rekey(world.desk, by=system_actor(world.admin.workspace_id))


def test_keys_of_older_rules_become_those_of_the_present_in_their_rows(team_world: TeamWorld) -> None:
    numbers = named(team_world, "Quillback Logistics Ltd", "华星科技有限公司", "Thistle Optics GmbH", "Marram")
    make_lead(team_world.desk, team_world.rep, customer_id=numbers[3], contact_email="a@marram.example")
    before = keys(team_world)
    age(team_world)
    assert keys(team_world) != before
    assert rekey(team_world) == Rekeyed(customers=4, changed=4, same=0)
    assert keys(team_world) == before
    assert rekey(team_world) == Rekeyed(customers=4, changed=0, same=0)


def test_a_merge_of_before_can_still_be_undone(team_world: TeamWorld) -> None:
    first, second, third = named(team_world, "Quillback Logistics", "华星科技有限公司", "Thistle Optics")
    apart = keys(team_world)
    merges.merge(team_world.desk, second, third, by=team_world.manager)
    line = merges.merge(team_world.desk, first, second, by=team_world.manager)
    together = keys(team_world)
    age(team_world)
    assert rekey(team_world) == Rekeyed(customers=1, changed=1, same=0)
    assert keys(team_world) == together
    merges.undo(team_world.desk, line.id, by=team_world.manager)
    (inner,) = [one for one in merges.recent(team_world.desk, by=team_world.manager) if one.is_open]
    merges.undo(team_world.desk, inner.id, by=team_world.manager)
    assert keys(team_world) == apart


def test_who_has_the_same_name_by_the_present_rules_is_counted_and_among_the_duplicates(team_world: TeamWorld) -> None:
    first, other = named(team_world, "Quillback Logistics", "Thistle Optics")
    age(team_world)
    with team_world.desk.transaction(team_world.admin) as session:
        session.execute(update(Customer).where(Customer.id == other).values(name="Quillback Logistics Ltd"))
    assert rekey(team_world).same == 1
    assert rekey(team_world) == Rekeyed(customers=2, changed=0, same=1)
    (pair,) = duplicates.pairs(team_world.desk, by=team_world.manager)
    assert (pair.first_id, pair.second_id, pair.verdict) == (first, other, "same")
    done = leads.capture(team_world.desk, LeadForm(customer_name="QUILLBACK LOGISTICS", need="more"), by=team_world.rep)
    assert done.opportunity.customer_id == first


def test_a_name_that_became_free_goes_to_who_stood_beside_it(team_world: TeamWorld) -> None:
    first, other = named(team_world, "Quillback GmbH", "Quillback AG")
    with team_world.desk.transaction(team_world.admin) as session:
        session.execute(update(Customer).where(Customer.id == first).values(name="Thistle Optics"))
    assert rekey(team_world) == Rekeyed(customers=2, changed=1, same=0)
    assert {row[1:] for row in keys(team_world)["strong"]} == {
        (first, "name", "thistle optics"),
        (other, "name", "quillback"),
    }


def test_another_legal_form_stays_beside_and_is_nobody_s_duplicate(team_world: TeamWorld) -> None:
    named(team_world, "Quillback GmbH", "Quillback AG")
    before = keys(team_world)
    assert rekey(team_world) == Rekeyed(customers=2, changed=0, same=0)
    assert keys(team_world) == before


def test_captures_go_on_meanwhile(team_world: TeamWorld) -> None:
    named(team_world, *(f"Firm {number} Tooling" for number in range(20)))
    age(team_world)
    fresh = [f"Meadow {word}" for word in ("Optics", "Foods", "Paper", "Glass", "Yachts", "Looms")]
    captured: list[int] = []
    capturing = threading.Thread(target=lambda: captured.extend(named(team_world, *fresh)))
    capturing.start()
    rekey(team_world)
    capturing.join()
    assert rekey(team_world) == Rekeyed(customers=26, changed=0, same=0)
    for name, number in zip(fresh, captured, strict=True):
        assert [one.id for one in customers.check(team_world.desk, name, by=team_world.rep)] == [number]


def test_only_an_admin_of_a_workspace_with_old_keys_is_asked(team_world: TeamWorld) -> None:
    desk = team_world.desk
    named(team_world, "Quillback Logistics")
    assert not rekeying.is_due(desk)
    age(team_world)
    assert rekeying.is_due(desk)
    assert rekeying.is_due(desk, by=team_world.admin)
    assert not rekeying.is_due(desk, by=team_world.manager)
    rekey(team_world)
    assert not rekeying.is_due(desk)
    assert not rekeying.is_due(desk, by=team_world.admin)


@pytest.mark.parametrize("is_same", [False, True])
def test_the_command_says_how_many_changed_and_what_to_look_at(run: Run, program_desk: Desk, is_same: bool) -> None:
    world = make_team_world(program_desk, SystemClock())  # type: ignore[arg-type]
    _, other = named(world, "Quillback Logistics", "Thistle Optics")
    age(world)
    if is_same:
        with program_desk.transaction(world.admin) as session:
            session.execute(update(Customer).where(Customer.id == other).values(name="Quillback Logistics Ltd"))
    lines = run("identity", "rekey").output.splitlines()
    assert lines[0].endswith(": 2 of 2 customers have other keys now.")
    assert lines[1:] == (["1 have the same name as another one: closeloop identity duplicates"] if is_same else [])
