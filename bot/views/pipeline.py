"""Owns the pipeline summary: loop health in one line, and the table of stages that the digest shows too."""

from collections.abc import Iterable, Sequence

from bot.domain.playbook import StageKind
from bot.i18n import Translator
from bot.services.values import Health, PipelineSummary, StageSum, TeamName
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line

_CLAUSES = ("owner", "grade", "stage_limit", "next_step", "collision", "customer", "reason", "review")
_ALL_TEAMS = "all"
_CURRENCIES_SHOWN = 3
_WHOLE, _GOOD = 99.95, 90


def message(t: Translator, summary: PipelineSummary, teams: Sequence[TeamName] = ()) -> Message:
    """Return a team's stage summary with its loop health.

    Args:
        t: The reader's.
        summary: Of one team, or of all that the reader may see.
        teams: The teams to choose from; a select is shown where there are several.
    """
    name = summary.team.name if summary.team else t("pipeline.all_teams")
    title = t("pipeline.title", team=name)
    health = health_line(t, summary.health)
    blocks = [elements.header(title), elements.section(health)]
    blocks.append(stage_table(t, summary.stages) if summary.stages else elements.context(t("pipeline.empty")))
    blocks += backlog(t, summary)
    blocks.append(elements.context(t("pipeline.as_of", at=summary.at)))
    if len(teams) > 1:
        blocks.append(_team_select(t, teams, summary.team))
    open_ones = [row for row in summary.stages if not row.stage.kind.is_closed]
    fallback = t(
        "pipeline.fallback", team=name, count=sum(row.count for row in open_ones), percent=percent(summary.health)
    )
    return elements.message(fallback, blocks)


def backlog(t: Translator, summary: PipelineSummary) -> list[Block]:
    """Return how many old ones wait for their day after the team went live, and until when; nothing where none do."""
    left = summary.backlog
    if left is None:
        return []
    return [elements.context(t("pipeline.backlog", count=left.count, until=t.local(left.until).date()))]


def health_line(t: Translator, health: Health) -> str:
    """Return loop health with its numerator and denominator, and what breaks it, the most frequent first."""
    if health.counted == 0:
        return t("pipeline.health_none")
    sign = "🟢" if health.percent >= _WHOLE else "🟡" if health.percent >= _GOOD else "🔴"
    line = f"{sign} " + t("pipeline.health", percent=percent(health), whole=health.whole, counted=health.counted)
    worst = sorted((one for one in health.broken if one[1] > 0), key=lambda one: (-one[1], one[0]))
    clauses = [t(f"pipeline.clause.{clause}", count=count) for clause, count in worst if clause in _CLAUSES]
    return f"{line}\n{t('pipeline.joint').join(clauses)}" if clauses else line


def percent(health: Health) -> str:
    """Return the share in whole per cent, rounded down so that 100 means all of them."""
    return f"{int(health.percent)}"


def stage_table(t: Translator, stages: Sequence[StageSum]) -> Block:
    """Return the stages with counts, overdue ones and amounts, and a line that sums up the open ones.

    Amounts stand last: they are the widest, and a phone shows the beginning of a row.
    """
    open_ones = [row for row in stages if not row.stage.kind.is_closed]
    head = [t(f"pipeline.column.{name}") for name in ("stage", "count", "overdue", "amount")]
    rows = [head, *(_row(t, row) for row in open_ones)]
    if len(open_ones) > 1:
        rows.append(_sum_row(t, open_ones))
    rows += [_row(t, row) for row in stages if row.stage.kind.is_closed]
    return elements.table(rows, right={1, 2, 3}, wrapped={0})


def amounts(t: Translator, sums: Iterable[tuple[str, int]]) -> str:
    """Return sums of several currencies side by side; nothing is converted."""
    known = [one for one in sums if one[1]]
    # Those shown stand in one order in every row, so that a column can be read down.
    shown = [t.money(minor, currency) for currency, minor in sorted(known[:_CURRENCIES_SHOWN])]
    if len(known) > _CURRENCIES_SHOWN:
        shown.append("…")
    return " + ".join(shown) or "–"


def added(stages: Iterable[StageSum]) -> tuple[tuple[str, int], ...]:
    """Return the amounts of several stages added up, currency by currency."""
    found: dict[str, int] = {}
    for row in stages:
        for currency, minor in row.amounts:
            found[currency] = found.get(currency, 0) + minor
    return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def chosen_team(value: str) -> int | None:
    """Return the team that was chosen in the select; None means all of them."""
    return int(value) if value.isdigit() else None


def _row(t: Translator, row: StageSum) -> list[str]:
    name = t.value(row.stage.name)
    if row.stage.kind is StageKind.WON:
        name = f"✅ {name}"
    elif row.stage.kind is StageKind.LOST:
        name = f"✖️ {name}"
    overdue = "–" if row.stage.kind.is_closed or not row.overdue else t.value(row.overdue)
    return [name, t.value(row.count), overdue, amounts(t, row.amounts)]


def _sum_row(t: Translator, rows: Sequence[StageSum]) -> list[str]:
    overdue = sum(row.overdue for row in rows)
    return [
        t("pipeline.sum"),
        t.value(sum(row.count for row in rows)),
        t.value(overdue) if overdue else "–",
        amounts(t, added(rows)),
    ]


def _team_select(t: Translator, teams: Sequence[TeamName], current: TeamName | None) -> Block:
    options = [elements.option(t("pipeline.all_teams"), _ALL_TEAMS)]
    options += [elements.option(team.name, str(team.id)) for team in teams[: elements.OPTIONS - 1]]
    placeholder = t("pipeline.choose_team") if current is None else current.name
    return elements.actions(elements.menu(Action.PIPELINE_TEAM, placeholder, options), block_id="pipeline.teams")


def no_such_team(t: Translator, words: str, teams: Sequence[TeamName]) -> str:
    """Return what one reads who named a team that does not exist, with those that do."""
    names = t("pipeline.joint").join(escape_line(team.name, 80) for team in teams[:20])
    return t("pipeline.no_such_team", name=escape_line(words, 80), teams=names)
