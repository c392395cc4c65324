"""Owns how changes are told: a line a kind, its count and sum first, then the biggest by name."""

from collections.abc import Iterable

from bot.i18n import Translator
from bot.services.values import Change, Changes, Tally
from bot.views import pipeline
from bot.views.mrkdwn import escape_line

# As many as are read at a glance; the sums before them say the rest.
_NAMED = 3
_NAME = 60
KINDS = ("won", "lost", "new", "forward", "back", "slipped", "recycled", "collision")
_WITH_SUM = frozenset({"won", "lost", "new"})
_WITH_WAY = frozenset({"forward", "back", "slipped"})


def lines(t: Translator, changes: Changes, *, kinds: Iterable[str] = KINDS) -> list[str]:
    """Return a line for each kind of which there is something, as finished mrkdwn."""
    return [_line(t, kind, found) for kind in kinds if (found := changes.of(kind)).count]


def _line(t: Translator, kind: str, found: Tally) -> str:
    head = f"*{t(f'news.{kind}', count=found.count)}*"
    worth = [one for one in found.sums if one[1]] if kind in _WITH_SUM else []
    if worth:
        head += f" · {pipeline.amounts(t, worth)}"
    names = [_named(t, kind, one) for one in found.biggest[:_NAMED]]
    if found.count > _NAMED:
        names.append(t("digest.more", count=found.count - _NAMED))
    return f"{head} {t('news.dash')} {t('digest.joint').join(names)}"


def _named(t: Translator, kind: str, one: Change) -> str:
    customer = escape_line(one.customer, _NAME)
    if kind in _WITH_WAY and one.after is not None:
        return t("news.way", customer=customer, before=_value(t, one.before), after=_value(t, one.after))
    if kind in {"lost", "collision"} and one.after is not None:
        return t("digest.named", customer=customer, owner=_value(t, one.after))
    return t("digest.named", customer=customer, owner=escape_line(one.owner or t("digest.nobody"), _NAME))


def _value(t: Translator, value: object) -> str:
    return escape_line(t.value(value), _NAME)
