"""Owns a team's daily digest: loop health and its trend, the stages, what changed, who is late, what is at risk."""

from collections.abc import Sequence

from bot.i18n import Translator
from bot.services.values import Digest, Health, MemberRef, OpportunityLine, StageSum
from bot.views import elements, news, pipeline
from bot.views.elements import Block, Message
from bot.views.mrkdwn import escape_line
from bot.views.steps import step_text

_NAMED = 5
_REPS = 5
_NEED = 60
_CUSTOMER = 80
_TREND = 5


def message(t: Translator, digest: Digest) -> Message:
    """Return the digest for the team's channel, readable in a minute: sums first, then at most five names of each kind."""
    summary = digest.summary
    title = t("digest.title", team=digest.team.name, day=digest.day)
    blocks = [elements.header(title), elements.section(health(t, summary.health, digest.trend))]
    if summary.stages:
        blocks.append(pipeline.stage_table(t, summary.stages))
    blocks += pipeline.backlog(t, summary)
    blocks.append(elements.section("\n".join(_news(t, digest))))
    if digest.overdue_by_rep or digest.overdue_in_pool:
        blocks.append(elements.section(late(t, digest.overdue_by_rep, digest.overdue_in_pool)))
    if digest.at_risk:
        rows = [risk(t, line) for line in digest.at_risk[:_NAMED]]
        blocks.append(elements.section("\n".join([f"*{t('digest.at_risk')}*", *rows])))
    blocks.append(elements.context(t("digest.hint")))
    open_ones = [row for row in summary.stages if not row.stage.kind.is_closed]
    fallback = t(
        "digest.fallback",
        team=digest.team.name,
        percent=pipeline.percent(summary.health),
        count=_count(open_ones),
        overdue=sum(row.overdue for row in open_ones),
    )
    return elements.message(fallback, blocks)


def health(t: Translator, found: Health, trend: Sequence[float]) -> str:
    """Return loop health with what it was at the digests before, the earliest first."""
    line = pipeline.health_line(t, found)
    # Where it stayed the same there is no trend to read.
    if not found.counted or {int(one) for one in trend} <= {int(found.percent)}:
        return line
    steps = [f"{int(one)}" for one in trend[-_TREND:]]
    return f"{line}\n{t('digest.trend', steps=' → '.join([*steps, f'*{pipeline.percent(found)}%*']))}"


def late(t: Translator, rows: Sequence[tuple[MemberRef, int]], in_pool: int) -> str:
    """Return who is late with how many next steps, the most first, and last how many are overdue in the pool."""
    people = [f"{escape_line(who.name, _CUSTOMER)} {t.value(count)}" for who, count in rows[:_REPS]]
    if len(rows) > _REPS:
        people.append(t("digest.more", count=len(rows) - _REPS))
    if in_pool:
        people.append(f"{t('card.pool')} {t.value(in_pool)}")
    return f"*{t('digest.overdue')}* · {t('digest.joint').join(people)}"


def _count(rows: Sequence[StageSum]) -> int:
    return sum(row.count for row in rows)


def _news(t: Translator, digest: Digest) -> list[str]:
    changes = digest.changes
    lines = news.lines(t, changes)
    head = t("digest.since", since=changes.since) if lines else t("digest.nothing", since=changes.since)
    if digest.collisions:
        lines.append(t("digest.collisions", count=digest.collisions))
    if digest.in_pool:
        lines.append(t("digest.in_pool", count=digest.in_pool))
    if digest.undecided:
        lines.append(t("digest.undecided", count=digest.undecided))
    return [head, *lines]


def risk(t: Translator, row: OpportunityLine) -> str:
    """Return in two lines whose opportunity is late, and with what."""
    # Names, not mentions: a digest that rings for everybody every morning is muted within a week.
    owner = escape_line(row.owner.name, _CUSTOMER) if row.owner else t("card.pool")
    facts = [owner, row.grade]
    if row.amount_minor is not None:
        facts.append(t.money(row.amount_minor, row.currency))
    what = t("digest.no_step")
    if row.next_text and row.next_due_at is not None:
        key = "digest.was_due" if row.is_overdue else "digest.is_due"
        what = t(key, step=step_text(t, row.next_text, _NEED), due=t.local(row.next_due_at).date())
    return f"*{escape_line(row.customer, _CUSTOMER)}* · {' · '.join(facts)}\n{what}"


def rows_of(t: Translator, rows: Sequence[OpportunityLine], title: str, count: int) -> Block:
    """Return a short list of opportunities under a title, with how many more there are."""
    lines = [risk(t, row) for row in rows]
    if count > len(rows):
        lines.append(t("digest.more", count=count - len(rows)))
    return elements.section("\n".join([f"*{title}*", *lines]))
