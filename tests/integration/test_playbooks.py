"""Playbooks: versions that come out and go in unchanged, what is refused, and who may publish."""

import copy
from typing import Any

import pytest

from bot.domain.playbook import default_playbook
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.services import playbooks
from tests.factories import TeamWorld, make_lead


def test_what_is_exported_is_read_back_as_it_was() -> None:
    playbook = default_playbook("CNY")
    assert playbooks.parse(playbooks.dump(playbook)) == playbook


def test_a_published_version_is_in_force_and_the_former_is_kept(team_world: TeamWorld) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.rep)
    data["loss_reasons"][0]["name"]["en"] = "Too dear"
    assert playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager) == 2
    assert playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.admin) == 3
    current = playbooks.current(team_world.desk, team_world.team.id, by=team_world.rep)
    assert current.loss_reasons[0].name.en == "Too dear"
    other = playbooks.current(team_world.desk, team_world.other_team.id, by=team_world.rep)
    assert other.loss_reasons[0].name.en == "Price"


def test_new_thresholds_grade_what_comes_in_from_then_on(team_world: TeamWorld) -> None:
    former = make_lead(team_world.desk, team_world.rep).opportunity
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["scorecard"] = {**data["scorecard"], "a_from": 10, "b_from": 5}
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    assert (former.grade, make_lead(team_world.desk, team_world.rep).opportunity.grade) == ("C", "A")


def _broken(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(playbooks.dump(default_playbook())), **changes}


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, "name"),
        (_broken(pace={"A": {"accept_hours": "soon"}}), "pace.A.accept_hours"),
        (_broken(stages=[{"key": "x"}]), "stages.0.name"),
        (_broken(collision_scope="galaxy"), "0"),
        (_broken(loss_reasons=[]), "0"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_path(data: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        playbooks.parse(data)
    assert path in caught.value.fields
    assert {text.key for text in caught.value.fields.values()} == {"playbook.fault"}


def test_who_may_publish(team_world: TeamWorld) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.rep)
    for who in (team_world.rep, team_world.specialist, team_world.other_manager):
        with pytest.raises(NotAllowed):
            playbooks.publish(team_world.desk, team_world.team.id, data, by=who)
    with pytest.raises(NotFound):
        playbooks.publish(team_world.desk, 999_999, data, by=team_world.admin)
    with pytest.raises(NotFound):
        playbooks.current(team_world.desk, 999_999, by=team_world.admin)
