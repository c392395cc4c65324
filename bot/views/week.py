"""Owns what a manager reads on Monday: the week against the one before, what was lost and why, who waits for whom."""

from bot.i18n import Translator
from bot.services.briefings import Look, Week
from bot.services.values import Changes
from bot.views import digest, elements, news, pipeline
from bot.views.elements import Block, Message

_COMPARED = ("new", "forward", "back", "won", "lost", "slipped", "recycled", "collision")
_ALWAYS = frozenset({"new", "won"})
_REASONS = 5


def weekly(t: Translator, week: Week) -> Message:
    """Return the manager's week, readable in a minute."""
    title = t("week.title", team=week.team.name)
    blocks: list[Block] = [
        elements.header(title),
        elements.section(digest.health(t, week.health, week.trend)),
        elements.table(_compared(t, week), right={1, 2}, wrapped={0}),
    ]
    told = news.lines(t, week.this, kinds=("won", "lost", "slipped", "recycled"))
    if week.this.reasons:
        told.append(_why(t, week))
    if told:
        blocks.append(elements.section("\n".join(told)))
    if week.overdue_by_rep or week.overdue_in_pool:
        blocks.append(elements.section(digest.late(t, week.overdue_by_rep, week.overdue_in_pool)))
    if week.neglected:
        heading = t("week.neglected", count=week.neglected_count)
        blocks.append(digest.rows_of(t, week.neglected, heading, week.neglected_count))
    blocks.append(elements.context(t("week.hint")))
    won, lost = week.this.of("won").count, week.this.of("lost").count
    percent = pipeline.percent(week.health)
    return elements.message(t("week.fallback", team=week.team.name, percent=percent, won=won, lost=lost), blocks)


def since(t: Translator, look: Look) -> Message:
    """Return what changed since the member last looked."""
    changes = look.changes
    lines = news.lines(t, changes)
    key = "since.first" if look.is_first else "since.title"
    head = t(key if lines else "since.nothing", since=changes.since)
    blocks = [elements.section(f"👀 *{head}*"), elements.section(pipeline.health_line(t, look.health))]
    if lines:
        blocks.insert(1, elements.section("\n".join(lines)))
    return elements.message(head, blocks)


def _compared(t: Translator, week: Week) -> list[list[str]]:
    head = [t("week.column.what"), t("week.column.this"), t("week.column.before")]
    # What happened in neither week is no news, apart from the two that everybody looks for.
    told = [kind for kind in _COMPARED if kind in _ALWAYS or week.this.of(kind).count or week.before.of(kind).count]
    return [head, *([t(f"week.row.{kind}"), _cell(t, week.this, kind), _cell(t, week.before, kind)] for kind in told)]


def _cell(t: Translator, changes: Changes, kind: str) -> str:
    found = changes.of(kind)
    worth = [one for one in found.sums if one[1]] if kind in {"won", "lost"} else []
    return f"{t.value(found.count)} · {pipeline.amounts(t, worth)}" if worth else t.value(found.count)


def _why(t: Translator, week: Week) -> str:
    reasons = [t("week.reason", reason=name, count=count) for name, count in week.this.reasons[:_REASONS]]
    return t("week.why", reasons=t("digest.joint").join(reasons))
