"""Owns a team's daily digest: loop health first, then the stages, what closed, who is late, what is at risk."""

from collections.abc import Sequence

from bot.i18n import Translator
from bot.services.values import Digest, OpportunityLine, StageSum
from bot.views import elements, pipeline
from bot.views.elements import Message
from bot.views.mrkdwn import escape_line

_NAMED = 5
_REPS = 10
_NEED = 60
_CUSTOMER = 80


def message(t: Translator, digest: Digest) -> Message:
    """Return the digest for the team's channel, readable in a minute."""
    summary = digest.summary
    title = t("digest.title", team=digest.team.name, day=digest.day)
    blocks = [
        elements.header(title),
        elements.section(pipeline.health_line(t, summary.health)),
    ]
    if summary.stages:
        blocks.append(pipeline.stage_table(t, summary.stages))
    blocks.append(elements.section("\n".join(_news(t, digest))))
    if digest.overdue_by_rep:
        blocks.append(elements.section(_late(t, digest)))
    if digest.at_risk:
        blocks.append(elements.section(f"*{t('digest.at_risk')}*"))
        blocks += [elements.section(_risk(t, line)) for line in digest.at_risk[:_NAMED]]
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


def _count(rows: Sequence[StageSum]) -> int:
    return sum(row.count for row in rows)


def _news(t: Translator, digest: Digest) -> list[str]:
    lines = [_closed(t, "won", digest.won), _closed(t, "lost", digest.lost)]
    lines.append(t("digest.captured", count=digest.captured))
    if digest.in_pool:
        lines.append(t("digest.in_pool", count=digest.in_pool))
    if digest.undecided:
        lines.append(t("digest.undecided", count=digest.undecided))
    return lines


def _closed(t: Translator, kind: str, rows: Sequence[OpportunityLine]) -> str:
    if not rows:
        return t(f"digest.{kind}_none")
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.currency] = sums.get(row.currency, 0) + (row.amount_minor or 0)
    names = [_name(t, row) for row in rows[:_NAMED]]
    if len(rows) > _NAMED:
        names.append(t("digest.more", count=len(rows) - _NAMED))
    head = t(f"digest.{kind}", count=len(rows), amount=pipeline.amounts(t, sorted(sums.items())))
    return f"{head} – {t('digest.joint').join(names)}"


def _name(t: Translator, row: OpportunityLine) -> str:
    owner = escape_line(row.owner.name, _CUSTOMER) if row.owner else t("digest.nobody")
    return t("digest.named", customer=escape_line(row.customer, _CUSTOMER), owner=owner)


def _late(t: Translator, digest: Digest) -> str:
    people = [f"{escape_line(who.name, _CUSTOMER)} {t.value(count)}" for who, count in digest.overdue_by_rep[:_REPS]]
    if len(digest.overdue_by_rep) > _REPS:
        people.append(t("digest.more", count=len(digest.overdue_by_rep) - _REPS))
    return f"*{t('digest.overdue')}* {t('digest.joint').join(people)}"


def _risk(t: Translator, row: OpportunityLine) -> str:
    # Names, not mentions: a digest that rings for everybody every morning is muted within a week.
    owner = escape_line(row.owner.name, _CUSTOMER) if row.owner else t("digest.nobody")
    facts = [owner, row.grade, t.value(row.stage.name)]
    if row.amount_minor is not None:
        facts.append(t.money(row.amount_minor, row.currency))
    what = t("digest.no_step")
    if row.next_text and row.next_due_at is not None:
        key = "digest.was_due" if row.is_overdue else "digest.is_due"
        what = t(key, step=escape_line(row.next_text, _NEED), due=row.next_due_at)
    return f"*{escape_line(row.customer, _CUSTOMER)}* – {' · '.join(facts)}\n{what}"
