"""Owns ``grade``: the points of a grade, what is missing for the next one, and grades of facts that nobody has yet."""

import json
from typing import TYPE_CHECKING, Any

import click

from bot.cli.desks import actor_in, opened_desk, team_named, workspace_option
from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.i18n import Translator
    from bot.services.desk import Actor, Desk
    from bot.services.explanations import GradeExplanation


@click.command()
@click.option("--explain", "explained", type=int, metavar="N", help="Explain the grade of opportunity N.")
@click.option("--facts", metavar="K=V,…", help="Grade these facts instead, such as source=referral,budget=confirmed.")
@click.option("--amount", metavar="AMOUNT", help="With --facts: an amount as typed, such as 50k.")
@click.option(
    "--team", metavar="NAME", help="With --facts: whose scorecard; needed only where there are several teams."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@workspace_option
def grade(
    explained: int | None,
    facts: str | None,
    amount: str | None,
    team: str | None,
    as_json: bool,
    workspace: str | None,
) -> None:
    """Explain a grade by its points, or try what facts would make of one."""
    is_tried = facts is not None or amount is not None
    if is_tried == (explained is not None):
        raise click.UsageError("Give either --explain N, or --facts with --amount as you like.")
    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        if explained is not None:
            from bot.services import explanations

            found = explanations.explain(desk, explained, by=by).grade
        else:
            found = _tried(desk, facts or "", amount, team, by)
    from bot.config import load_settings
    from bot.i18n import Translator

    t = Translator(load_settings().default_locale)
    click.echo(json.dumps(_plain(found), ensure_ascii=False) if as_json else "\n".join(_lines(found, t)))


def _tried(desk: "Desk", facts: str, amount: str | None, team: str | None, by: "Actor") -> "GradeExplanation":
    from bot.services import explanations, teams

    if team is not None:
        team_id = team_named(desk, team, by=by).id
    else:
        known = teams.all_teams(desk, by=by)
        if len(known) != 1:
            names = ", ".join(one.name for one in known)
            raise ConfigError(f"Name a team with --team: {names or 'there is none yet'}")
        team_id = known[0].id
    return explanations.what_if(desk, team_id, _read(facts), amount, by=by)


def _read(facts: str) -> dict[str, str]:
    found = {}
    for part in facts.split(","):
        name, sign, value = (one.strip() for one in part.partition("="))
        if part.strip() and not (name and sign and value):
            raise ConfigError(f"--facts: {part.strip()} is not name=value, such as source=referral")
        if part.strip():
            found[name] = value
    return found


def _lines(found: "GradeExplanation", t: "Translator") -> list[str]:
    from bot.views import why
    from bot.views.mrkdwn import plain

    lines = [plain(line) for line in why.grade_lines(t, found)]
    if found.following is not None:
        lines.append(why.following(t, found))
    if found.chance is not None:
        lines.append(why.chance_line(t, found.chance))
    lines += [f"{step.at:%Y-%m-%d %H:%M}Z  {step.letter} {step.score}" for step in found.history]
    return lines


def _plain(found: "GradeExplanation") -> dict[str, Any]:
    card, following, chance = found.playbook.scorecard, found.following, found.chance
    return {
        "grade": found.grade.letter,
        "score": found.grade.score,
        "points": [
            {"criterion": one.criterion, "option": one.option, "points": one.points} for one in found.grade.points
        ],
        "thresholds": {"A": card.a_from, "B": card.b_from},
        "next": following
        and {
            "grade": following.letter,
            "missing": following.missing,
            "facts": [{"criterion": one.criterion, "option": one.option, "gain": one.gain} for one in following.steps],
        },
        "chance": chance
        and {
            "why": chance.why,
            "percent": chance.percent,
            "low": chance.low,
            "high": chance.high,
            "closed_like_it": chance.count,
            "closed": chance.known,
        },
        "history": [{"at": one.at.isoformat(), "grade": one.letter, "score": one.score} for one in found.history],
    }
