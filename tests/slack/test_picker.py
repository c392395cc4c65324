"""The choice of a customer explains itself in the open form, before anything is saved."""

from typing import Any

from tests.slack.conftest import REP, REP2, World, words


def chosen(world: World, user: str, customer: str) -> dict[str, Any]:
    """Open the form, type a need, choose a customer; returns the form as it stands then."""
    world.sandbox.command(user, "/lead")
    world.settle()
    assert world.sandbox.fill(user, {"need": "200 seats by June"}).ok
    assert world.sandbox.select_view(user, "customer.pick", customer).ok
    world.settle()
    view = world.sandbox.view(user)
    assert view is not None
    return view


def test_protected_customer_says_who_has_it_until_when_and_keeps_what_was_typed(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    view = chosen(world, REP2, "Acme Ltd")
    assert "🔒 *已由 Rita Reyes 负责*，保护期至 4月1日周三" in words(view)
    answer = world.sandbox.submit(REP2)
    assert answer.ok
    # The form that explains who has it keeps what was typed, for telling the owner or going back.
    assert "200 seats by June" in str(world.sandbox.view(REP2))


def test_ones_own_customer_says_that_a_second_opportunity_opens(world: World) -> None:
    world.lead(REP, "Acme Ltd", next_step="Call", next_due_at="tomorrow 10am")
    assert "Yours already.* Saving opens a second opportunity" in words(chosen(world, REP, "Acme Ltd"))
    assert world.sandbox.submit(REP).ok


def test_customer_in_the_pool_says_where_to_claim_it(world: World) -> None:
    view = world.lead(REP, "Acme Ltd")
    with world.bot.desk.database.transaction(None) as session:
        from bot.models import Opportunity  # noqa: PLC0415 - used here alone

        session.get_one(Opportunity, view.id).owner_id = None
    assert "It is in the pool" in words(chosen(world, REP, "Acme Ltd"))


def test_a_new_name_that_may_be_known_is_asked_about_at_once_and_another_choice_takes_the_question_back(
    world: World,
) -> None:
    world.lead(REP, "北京华星科技有限公司")
    shown = words(chosen(world, REP2, "华星"))
    assert "这个客户可能已经登记过" in shown
    assert "Rita Reyes" in shown
    assert world.sandbox.select_view(REP2, "customer.pick", "Quillback").ok
    world.settle()
    assert "可能已经登记过" not in words(world.sandbox.view(REP2))
    assert world.sandbox.submit(REP2).ok


def test_a_typed_name_that_is_a_known_customer_says_who_has_it(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    assert "Rita Reyes" in words(chosen(world, REP2, "ACME Limited"))


def test_a_form_that_was_closed_meanwhile_is_missed_by_nobody(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP2, "/lead")
    world.settle()
    assert world.sandbox.select_view(REP2, "customer.pick", "Acme Ltd").ok
    world.sandbox.close(REP2, clear=True)
    world.settle()
    assert world.sandbox.view(REP2) is None


def test_a_stale_form_is_left_as_it_is(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    chosen(world, REP2, "Acme Ltd")
    view = world.sandbox.view(REP2)
    assert view is not None
    assert world.bot.gateway.refresh_view(view["id"], {**view_of(view)}, "another.hash") is None


def view_of(view: dict[str, Any]) -> dict[str, Any]:
    return {name: view[name] for name in ("type", "callback_id", "title", "submit", "close", "blocks")}


def test_command_with_a_taken_customer_says_who_has_it_before_anything_is_typed(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    for typed, title in (("ACME, 200 seats", "新线索"), ("报备 ACME，见过王总", "报备")):
        world.sandbox.command(REP2, "/lead", typed)
        world.settle()
        shown = words(world.sandbox.view(REP2))
        assert title in shown
        assert "🔒 *已由 Rita Reyes 负责*，保护期至 4月1日周三" in shown
        world.sandbox.close(REP2, clear=True)


def test_command_with_a_name_that_may_be_known_asks_at_once(world: World) -> None:
    world.lead(REP, "Acme Industries Ltd")
    for command in ("Acme Industris, 200 seats", "register Acme Industris"):
        world.sandbox.command(REP, "/lead", command)
        world.settle()
        shown = words(world.sandbox.view(REP))
        assert "We may know this customer already" in shown
        assert "Acme Industries Ltd" in shown
        world.sandbox.close(REP, clear=True)
    world.sandbox.command(REP, "/lead", "Acme Industris, 200 seats")
    world.settle()
    assert world.sandbox.submit(REP, {"confirmed_new": ["yes"]}).ok


def test_back_from_a_collision_still_says_who_has_the_customer(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP2, "/lead", "ACME, 200 seats")
    world.settle()
    assert world.sandbox.submit(REP2).ok
    world.sandbox.click_view(REP2, "collision.back")
    world.settle()
    shown = words(world.sandbox.view(REP2))
    assert "200 seats" in shown
    assert "已由 Rita Reyes 负责" in shown


def test_a_phone_or_a_code_finds_its_customer_in_the_type_ahead(world: World) -> None:
    world.lead(REP, "Acme Ltd", contact_phone="+86 138 0013 8000", website_or_code="91310000607337890K")
    world.sandbox.command(REP2, "/lead")
    world.settle()
    for typed in ("+86 138 0013 8000", "91310000607337890k"):
        found = world.sandbox.options(REP2, "customer.pick", typed).options
        assert [one["text"]["text"] for one in found][1:] == ["Acme Ltd"], typed
