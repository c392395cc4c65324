"""Why this grade, why this owner: one tap on the card, in the reader's language."""

from datetime import timedelta

from bot.services import members, playbooks
from bot.views.why import WhyId
from tests.slack.conftest import CHANNEL, MANAGER, OUTSIDER, REP, REP2, World, words


def _asked(world: World, user: str, number: int) -> str:
    world.sandbox.click(user, CHANNEL, world.card(number)["ts"], WhyId.OPEN)
    world.settle()
    return words(world.sandbox.view(user))


def test_one_tap_on_the_card_shows_points_that_add_up_and_what_is_missing(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", source="referral")
    button = next(block["accessory"] for block in world.card(lead.id)["blocks"] if "accessory" in block)
    assert button["text"]["text"] == "为何是 B？"
    shown = _asked(world, REP, lead.id)
    for part in ("*Grade B*, 45 points", "*+20*  Source: Referral", "*= 45*", "20 more for A", "captured it"):
        assert part in shown, part
    assert "*+25*  Intent: Asked for a quote or trial – read from the words of the need" in shown
    assert "not enough history (closed alike: 0, needed: 30)" in shown
    assert "Rules decided" not in shown


def test_the_rules_decision_names_the_reason_and_who_could_not(world: World) -> None:
    members.set_away(world.bot.desk, world.clock.now() + timedelta(days=3), by=world.actor(REP))
    lead = world.lead(MANAGER, "Acme Ltd", owner="rules")
    assert lead.owner is not None
    shown = _asked(world, MANAGER, lead.id)
    assert "林伟: chosen, 0 of 50 open" in shown
    assert "Rita Reyes: away until" in shown
    chinese = _asked(world, REP2, lead.id)
    for part in ("*C 级*", "按规则分派", "林伟：选中", "Rita Reyes：不在岗"):
        assert part in chinese, part


def test_the_rules_field_is_told_in_the_readers_words(world: World) -> None:
    manager = world.actor(MANAGER)
    team_id = world.actor(REP).team_id or 0
    data = playbooks.export(world.bot.desk, team_id, by=manager)
    data["rules"] = [{"field": "language", "value": "zh", "members": [REP2]}]
    playbooks.publish(world.bot.desk, team_id, data, by=manager)
    lead = world.lead(MANAGER, "晨光仪器", need="想要二十套报价", owner="rules")
    assert "林伟" in words(world.card(lead.id))
    assert "语言" in words(world.card(lead.id))
    assert "中文" in words(world.card(lead.id))
    assert "language Chinese" in _asked(world, MANAGER, lead.id)


def test_other_teams_learn_nothing(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(OUTSIDER, CHANNEL, world.card(lead.id)["ts"], WhyId.OPEN)
    world.settle()
    assert "Acme" not in words(world.sandbox.view(OUTSIDER) or {})


def test_a_regrade_shows_the_grades_it_had(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.select(REP, CHANNEL, world.card(lead.id)["ts"], "card.menu", f"edit:{lead.id}")
    world.settle()
    assert world.sandbox.submit(REP, {"source": "referral", "intent": "quote"}).ok
    world.sandbox.close(REP, clear=True)
    assert "Grades so far: C 30 → B 45" in _asked(world, REP, lead.id)
