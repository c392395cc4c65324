"""`closeloop assign` and `closeloop grade`: decisions made again and explained, points that add up, grades that might be."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.models import Choice
from bot.services import follow_ups, leads, members, opportunities
from bot.services.desk import Desk
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.conftest import Run


@pytest.fixture
def world(program_desk: Desk) -> TeamWorld:
    return make_team_world(program_desk, program_desk.clock)  # type: ignore[arg-type] # the machine's clock tells the time


@pytest.fixture
def numbers(world: TeamWorld) -> list[int]:
    members.set_away(world.desk, world.desk.now() + timedelta(days=2), by=world.rep2)
    found = []
    for number in range(3):
        form = LeadForm.read({"customer_name": f"Firm {number * 1111}", "need": "n", "confirmed_new": True})
        found.append(leads.capture(world.desk, form, by=world.specialist).opportunity.id)
    return found


def test_replay_prints_a_line_each_and_is_content(run: Run, numbers: list[int]) -> None:
    lines = run("assign", "--replay", "--all").output.splitlines()
    assert lines[-1] == "3 decisions, 0 different"
    assert [line.split()[:2] for line in lines[:-1]] == [["same", f"#{number}"] for number in numbers]
    assert "Rep (fewest open opportunities" in lines[0]
    one = run("assign", "--replay", "--opportunity", str(numbers[1])).output.splitlines()
    assert one[-1] == "1 decisions, 0 different"


def test_replay_of_a_changed_record_is_different_and_fails(run: Run, world: TeamWorld, numbers: list[int]) -> None:
    with world.desk.database.transaction(None) as session:
        row, broken = session.scalars(select(Choice).order_by(Choice.id).limit(2)).all()
        row.state = {**row.state, "already_asked": [world.rep.member_id]}
        broken.state = {}
    lines = run("assign", "--replay", code=1).output.splitlines()
    assert lines[0].startswith("DIFFERENT")
    assert "now: nobody" in lines[0]
    assert "KeyError" in lines[1]
    assert lines[-1] == "3 decisions, 2 different"
    found = [json.loads(line) for line in run("assign", "--replay", "--json", code=1).output.splitlines()]
    assert [one["same"] for one in found] == [False, False, True]
    assert found[0]["recorded"]["member"] == "Rep"
    assert found[0]["replayed"] == {"member": None, "reason": "nobody in the team was free"}
    assert found[1]["fault"]
    assert found[2]["opportunity"] == numbers[2]


def test_a_decision_is_explained_with_who_could_not_and_why(run: Run, world: TeamWorld, numbers: list[int]) -> None:
    text = run("assign", "--explain", str(numbers[2])).output
    assert "Rep: chosen, 2 of 50 open, weight 1" in text
    assert "Rep Two: away until" in text
    found = json.loads(run("assign", "--explain", str(numbers[2]), "--json").output)
    assert [(one["member"], one["verdict"]) for one in found["considered"]] == [("Rep", "chosen"), ("Rep Two", "away")]
    assert found["considered"][1]["away_until"]
    own = make_lead(world.desk, world.rep).opportunity.id
    assert "decided nothing here" in run("assign", "--explain", str(own)).output


@pytest.mark.parametrize(
    "arguments",
    [
        ("assign",),
        ("assign", "--replay", "--explain", "1"),
        ("assign", "--replay", "--all", "--opportunity", "1"),
        ("grade",),
        ("grade", "--explain", "1", "--facts", "source=event"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    run(*arguments, code=2)


def test_an_unknown_opportunity_is_one_sentence(run: Run, numbers: list[int]) -> None:
    missing = str(max(numbers) + 1000)
    for arguments in (("assign", "--explain"), ("assign", "--replay", "--opportunity"), ("grade", "--explain")):
        assert "Traceback" not in run(*arguments, missing, code=1).output


def test_a_grade_is_explained_by_points_that_add_up(run: Run, world: TeamWorld) -> None:
    number = make_lead(world.desk, world.rep, source="referral").opportunity.id
    opportunities.edit(world.desk, number, EditForm(facts={"intent": "question"}), by=world.rep)
    found = json.loads(run("grade", "--explain", str(number), "--json").output)
    assert sum(point["points"] for point in found["points"]) == found["score"] == 35
    assert (found["grade"], found["thresholds"]) == ("B", {"A": 65, "B": 35})
    assert [(one["grade"], one["score"]) for one in found["history"]] == [("C", 25), ("B", 35)]
    assert found["next"]["grade"] == "A"
    assert sum(one["gain"] for one in found["next"]["facts"]) >= found["next"]["missing"] == 30
    assert "source" not in {one["criterion"] for one in found["next"]["facts"]}
    assert (found["chance"]["why"], found["chance"]["percent"]) == ("few", None)
    text = run("grade", "--explain", str(number)).output
    assert "Grade B, 35 points (A from 65, B from 35)" in text
    assert "= 35\n" in text
    assert "not enough history (closed alike: 0, needed: 30)" in text


def test_facts_nobody_has_yet_are_graded_without_a_trace(run: Run, world: TeamWorld) -> None:
    arguments = (
        "grade",
        "--facts",
        "source=referral, budget=confirmed",
        "--amount",
        "50000",
        "--team",
        "north",
        "--json",
    )
    found = json.loads(run(*arguments).output)
    assert (found["grade"], found["score"], found["history"], found["chance"]) == ("B", 50, [], None)
    assert sum(point["points"] for point in found["points"]) == 50
    assert json.loads(run("grade", "--amount", "€50k", "--team", "North", "--json").output)["score"] == 10
    best = "source=referral,intent=quote,budget=confirmed"
    assert json.loads(run("grade", "--facts", best, "--team", "North", "--json").output)["next"] is None
    assert opportunities.find(world.desk, "", by=world.admin, scope="all") == ()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--facts", "moon=full", "--team", "North"), 1, "no criterion moon"),
        (("--facts", "budget=plenty", "--team", "North"), 1, "no answer plenty"),
        (("--facts", "budget", "--team", "North"), 2, "not name=value"),
        (("--facts", "budget=likely"), 2, "--team"),
        (("--facts", "budget=likely", "--amount", "lots", "--team", "North"), 1, ""),
    ],
)
def test_facts_that_cannot_be_are_named(
    run: Run, world: TeamWorld, arguments: tuple[str, ...], code: int, words: str
) -> None:
    assert world.team.name == "North"
    assert words in run("grade", *arguments, code=code).output


def test_a_follow_up_that_changes_a_scored_fact_grades_again(world: TeamWorld) -> None:
    from bot.services import playbooks  # noqa: PLC0415 - only here

    data = playbooks.export(world.desk, world.team.id, by=world.manager)
    option = {"key": "none", "name": {"en": "None", "zh": "无"}, "points": 0}
    visit = {"key": "visit", "name": {"en": "Visit", "zh": "拜访"}, "points": 30}
    data["scorecard"]["criteria"].append(
        {"key": "meeting", "name": {"en": "Met", "zh": "见面"}, "options": [option, visit]}
    )
    playbooks.publish(world.desk, world.team.id, data, by=world.manager)
    number = make_lead(world.desk, world.rep).opportunity.id
    form = FollowUpForm(
        opportunity_id=number, way="visit", said="x", next_step="y", next_due_at=world.desk.now() + timedelta(days=1)
    )
    done = follow_ups.log(world.desk, form, by=world.rep)
    assert (done.opportunity.grade, done.opportunity.score) == ("B", 40)
    back = opportunities.undo(world.desk, done.event_id or 0, by=world.rep).opportunity
    assert (back.grade, back.score) == ("C", 10)
