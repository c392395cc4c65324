"""Owns ``assign``: past decisions of the assignment rules made again from their records, and explained."""

import json
from typing import TYPE_CHECKING, Any

import click

from bot.cli.desks import actor_in, opened_desk, workspace_option

if TYPE_CHECKING:
    from bot.errors import Text
    from bot.i18n import Translator
    from bot.services.explanations import Decision
    from bot.services.replays import Replay


@click.command()
@click.option("--replay", is_flag=True, help="Make decisions again from their records; exit code 1 if any differs.")
@click.option("--explain", "explained", type=int, metavar="N", help="Explain who was considered for opportunity N.")
@click.option("--opportunity", type=int, metavar="N", help="With --replay: only this opportunity's decisions.")
@click.option("--all", "everything", is_flag=True, help="With --replay: every decision (the default).")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a decision.")
@workspace_option
def assign(
    replay: bool,
    explained: int | None,
    opportunity: int | None,
    everything: bool,
    as_json: bool,
    workspace: str | None,
) -> None:
    """Reproduce and explain the decisions of the assignment rules."""
    if replay == (explained is not None):
        raise click.UsageError("Give either --replay, with --opportunity N or --all, or --explain N.")
    if opportunity is not None and (everything or explained is not None):
        raise click.UsageError("--opportunity goes with --replay, and not with --all.")
    if explained is not None:
        _explain(explained, workspace, as_json=as_json)
    elif not _replay(opportunity, workspace, as_json=as_json):
        raise click.exceptions.Exit(1)


def _replay(opportunity: int | None, workspace: str | None, *, as_json: bool) -> bool:
    """Print each decision beside its record and say whether all are the same."""
    from bot.services import opportunities, replays

    t = _translator()
    count = different = 0
    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        if opportunity is not None:
            opportunities.view(desk, opportunity, by=by, history=0)
        for one in replays.replay(desk, by=by, opportunity_id=opportunity):
            count += 1
            different += not one.is_same
            click.echo(json.dumps(_plain(one, t), ensure_ascii=False) if as_json else _line(one, t))
    if not as_json:
        click.echo(f"{count} decisions, {different} different")
    return different == 0


def _line(one: "Replay", t: "Translator") -> str:
    head = f"{'same' if one.is_same else 'DIFFERENT':<9}  #{one.opportunity_id}  {one.at:%Y-%m-%d %H:%M}Z"
    told = f"{head}  {one.recorded or 'nobody'} ({t.text(one.recorded_reason)})"
    if one.is_same:
        return told
    now = f"{one.replayed or 'nobody'} ({_said(one.replayed_reason, t)})"
    return f"{told}  now: {one.fault or now}"


def _said(text: "Text | None", t: "Translator") -> str:
    return t.text(text) if text is not None else "–"


def _plain(one: "Replay", t: "Translator") -> dict[str, Any]:
    return {
        "decision": one.id,
        "opportunity": one.opportunity_id,
        "at": one.at.isoformat(),
        "same": one.is_same,
        "recorded": {"member": one.recorded, "reason": t.text(one.recorded_reason)},
        "replayed": None if one.fault else {"member": one.replayed, "reason": _said(one.replayed_reason, t)},
        **({"fault": one.fault} if one.fault else {}),
    }


def _explain(number: int, workspace: str | None, *, as_json: bool) -> None:
    from bot.services import explanations, opportunities

    t = _translator()
    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        view = opportunities.view(desk, number, by=by, history=0)
        decisions = explanations.decisions_of(desk, number, by=by)
    if as_json:
        for one in decisions:
            click.echo(json.dumps(_told(one, t), ensure_ascii=False))
        return
    owner = view.owner.name if view.owner else "in the pool"
    click.echo(f"#{view.id} {view.customer}: {owner} ({_said(view.owner_reason, t)})")
    if not decisions:
        click.echo("The rules decided nothing here: it was captured, claimed, imported or handed over by a person.")
    for one in decisions:
        _show(one, t)


def _show(one: "Decision", t: "Translator") -> None:
    from bot.views.why import standing

    click.echo(f"{one.at:%Y-%m-%d %H:%M}Z  {t.text(one.reason)}")
    for each in one.standings:
        click.echo(f"  {standing(t, each, each.name)}")


def _told(one: "Decision", t: "Translator") -> dict[str, Any]:
    return {
        "decision": one.id,
        "opportunity": one.opportunity_id,
        "at": one.at.isoformat(),
        "member_id": one.member_id,
        "reason": t.text(one.reason),
        "considered": [
            {
                "member_id": each.member_id,
                "member": each.name,
                "verdict": each.verdict,
                "open": each.open_load,
                "capacity": each.capacity,
                "weight": each.weight,
                "covers": each.covers,
                "speaks": each.speaks,
                "away_until": each.away_until.isoformat() if each.away_until else None,
            }
            for each in one.standings
        ],
    }


def _translator() -> "Translator":
    from bot.config import load_settings
    from bot.i18n import Translator

    return Translator(load_settings().default_locale)
