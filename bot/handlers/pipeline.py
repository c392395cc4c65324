"""Owns ``/pipeline [team]``, ``/pipeline since`` and the select with which one changes the team."""

from collections.abc import Sequence

from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Reply
from bot.services import briefings, reports, teams
from bot.services.values import TeamName
from bot.views import pipeline, week
from bot.views.ids import Action

_SINCE = frozenset({"since", "news", "最近", "动态"})
_ALL = frozenset({"all", "*", "全部", "所有"})


def show(call: Call) -> Reply:
    """Answer the command: the named team, else one's own, else all that one may see."""
    known = teams.visible(call.desk, by=call.by)
    if not known:
        return Answer(call.t("pipeline.no_team"))
    words = call.text.casefold()
    if words in _SINCE:
        return since(call)
    if not words:
        return _answer(call, known, _usual(call, known))
    if words in _ALL:
        return _answer(call, known, None)
    named = _named(words, known)
    if named is None:
        return Answer(pipeline.no_such_team(call.t, call.text, known))
    return _answer(call, known, named.id)


def since(call: Call) -> Reply:
    """Tell what changed since the member last looked: in their teams for a manager, among their own for a rep."""
    text, blocks = week.since(call.t, briefings.since_last_look(call.desk, by=call.by))
    return Answer(text, blocks)


def choose(call: Call) -> Reply:
    """Show another team in the place of the former."""
    return _answer(call, teams.visible(call.desk, by=call.by), pipeline.chosen_team(call.value), replace=True)


def _answer(call: Call, known: Sequence[TeamName], team_id: int | None, *, replace: bool = False) -> Answer:
    if team_id is None and len(known) == 1:
        team_id = known[0].id
    text, blocks = pipeline.message(call.t, reports.pipeline(call.desk, by=call.by, team_id=team_id), known)
    return Answer(text, blocks, replace=replace)


def _usual(call: Call, known: Sequence[TeamName]) -> int | None:
    if call.by.team_id is not None and not call.by.managed_team_ids and not call.by.is_admin:
        return call.by.team_id
    return known[0].id if len(known) == 1 else None


def _named(words: str, known: Sequence[TeamName]) -> TeamName | None:
    """Return the team of that name, or the only one whose name begins with the words or has them in it."""
    names = [(team.name.casefold(), team) for team in known]
    for found in (
        [team for name, team in names if name == words],
        [team for name, team in names if name.startswith(words)],
        [team for name, team in names if words in name],
    ):
        if len(found) == 1:
            return found[0]
    return None


def register(kit: Kit) -> None:
    """Take the command and the select."""
    kit.command("/pipeline", show)
    kit.action(Action.PIPELINE_TEAM, choose)
    kit.action(Action.PIPELINE_SINCE, since)
