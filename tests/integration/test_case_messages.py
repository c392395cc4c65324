"""Messages about disputes that were sent before say the newer thing in their own place, whatever happened on the way."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.domain.rulings import Verdict
from bot.errors import CustomerProtected, Rejected
from bot.models import OutboxRow
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.services import members, opportunities, outbox, rulings
from bot.services.desk import Desk
from bot.services.members import Profile
from tests.factories import WORKSPACE, TeamWorld, make_lead, make_member
from tests.integration.test_delivery import RecordingSlack, deliver_all


@pytest.fixture
def slack() -> RecordingSlack:
    return RecordingSlack()


@pytest.fixture
def delivery(desk: Desk, slack: RecordingSlack) -> Iterator[Delivery]:
    made = Delivery(desk, slack, pace=Pace(None), backoff=lambda _attempts: 0.0)
    yield made
    made.close()


def disputed(world: TeamWorld) -> tuple[int, int]:
    """Return an opportunity and the ruling that was asked for about it."""
    number = make_lead(world.desk, world.rep, customer_name="Acme Ltd").opportunity.id
    with pytest.raises(CustomerProtected):
        make_lead(world.desk, world.other_rep, customer_name="Acme Ltd")
    rulings.ask(world.desk, number, "Mine", by=world.other_rep)
    return number, rulings.waiting(world.desk, by=world.manager)[0].id


def to_manager(slack: RecordingSlack) -> list[tuple[str, str]]:
    return [(method, text) for method, channel, text, _ in slack.calls if channel == "DMANAGER"]


def test_the_managers_card_is_replaced_by_what_was_ruled(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    _, ruling = disputed(team_world)
    deliver_all(delivery)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.admin)
    deliver_all(delivery)
    (first, asked), *later = to_manager(slack)
    assert first == "post"
    assert "asks whose customer" in asked
    [ruled] = [text for method, text in later if method == "update"]
    [told] = [text for method, text in later if method == "post"]
    # A card that changes rings for nobody: that it left their team is told too.
    assert "goes to Other Rep of South" in told
    # Another one ruled, and the opportunity is another team's now: the manager who was asked reads it all the same.
    assert "Admin* ruled on" in ruled
    assert any("ruled on" in text for _, channel, text, _ in slack.calls if channel == "DREP")
    assert any("ruled on" in text for _, channel, text, _ in slack.calls if channel == "DOTHERREP")


def test_a_card_that_was_not_sent_yet_comes_as_ruled_at_once(
    team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    _, ruling = disputed(team_world)
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "Touched first", by=team_world.admin)
    deliver_all(delivery)
    [(method, text)] = to_manager(slack)
    assert method == "post"
    assert "ruled on" in text


def test_a_card_ruled_while_on_its_way_is_still_replaced_and_not_doubled(
    desk: Desk, team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    _, ruling = disputed(team_world)
    leased = next(one for one in outbox.lease(desk) if one.kind == "ruling")
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "Touched first", by=team_world.admin)
    outbox.sent(desk, leased, channel="DMANAGER", ts="9.9")
    outbox.release(desk)
    deliver_all(delivery)
    assert [method for method, _ in to_manager(slack)] == ["update"]


def test_a_card_that_is_gone_is_posted_anew_and_other_refusals_are_not_hidden(
    desk: Desk, team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    _, ruling = disputed(team_world)
    deliver_all(delivery)
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "Touched first", by=team_world.manager)
    with desk.database.transaction(None) as session:
        for row in session.scalars(select(OutboxRow).where(OutboxRow.state == "waiting", OutboxRow.kind != "ruling")):
            row.state = "dropped"
    slack.refusals.append(Rejected("message_not_found"))
    deliver_all(delivery)
    assert [method for method, _ in to_manager(slack)] == ["post", "post"]
    with desk.database.transaction(None) as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.kind == "ruling")).one()
        row.state = "waiting"
    slack.refusals.append(Rejected("restricted_action"))
    deliver_all(delivery)
    with desk.reading(team_world.admin) as session:
        assert session.scalars(select(OutboxRow.state).where(OutboxRow.kind == "ruling")).one() == "dead"


def test_the_former_channels_card_says_where_it_went(
    desk: Desk, team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    number, ruling = disputed(team_world)
    deliver_all(delivery)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    deliver_all(delivery)
    north = [(method, text) for method, channel, text, _ in slack.calls if channel == "CNORTH"]
    assert north[-1][0] == "update"
    assert "Acme Ltd moved to South" in north[-1][1]
    assert [method for method, channel, *_ in slack.calls if channel == "CSOUTH"] == ["post"]
    assert opportunities.view(desk, number, by=team_world.admin).card_channel == "CSOUTH"


def test_who_left_is_told_nothing(desk: Desk, team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack) -> None:
    _, ruling = disputed(team_world)
    members.remember(desk, WORKSPACE, Profile("UOTHERREP", "Other Rep", is_active=False))
    rulings.rule(desk, ruling, Verdict.KEEP, "They left", by=team_world.manager)
    deliver_all(delivery)
    assert [channel for _, channel, *_ in slack.calls if channel == "DOTHERREP"] == []


def test_the_message_speaks_its_readers_language(
    desk: Desk, team_world: TeamWorld, delivery: Delivery, slack: RecordingSlack
) -> None:
    make_member(desk, "Manager", locale="zh-CN")
    disputed(team_world)
    deliver_all(delivery)
    [(_, text)] = to_manager(slack)
    assert "请您裁定" in text
