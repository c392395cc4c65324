"""Owns the reading of a due time out of what people write in English and Chinese, in the member's zone.

What is meant where people are brief: a day without a time is the end of that working day, and until midnight once that is
over. "thu" is the coming one, never today; "next thu" and 下周四 are in the next week, weeks beginning on Monday. An hour
without its half of the day is in business hours: 3 is 15:00, 9 is 9:00. Morning is 9:00, noon 12:00, afternoon 15:00,
evening and tonight 20:00. "next week", "next month" is their first workday, "this week", "end of month" and 月底 the last one.
"weekend" is Saturday. From three to five is due when it begins, from Wednesday to Friday on its last day. A date without a year
is the first that is ahead; one with a year that is past, "yesterday", and what is told as done ("met them on Monday",
周一发了报价) is no due time. Of several times the last one counts, except one that is about something else (合同12月31日到期); a
time without a day counts only where no day was said.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.domain.calendar import WorkCalendar
from bot.domain.when_reading import ACTS, Found, context_of, find_in
from bot.domain.when_text import Folded, fold, sentences


@dataclass(frozen=True, slots=True)
class Reading:
    """A due time as a text says it.

    Args:
        due_at: Aware, in UTC; after the moment at which it was said.
        has_time: A time of day was said, not only a day.
        start: The first character of the text that said it.
        end: After the last one.
    """

    due_at: datetime
    has_time: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FollowUpText:
    """A follow-up typed in one line: what was said, and what comes next.

    Args:
        said: What happened; empty if only the next step was typed.
        next_step: Without the words that say when; None if there is none.
        due_at: Aware, in UTC; None if no time was understood.
        has_time: A time of day was said, not only a day.
    """

    said: str
    next_step: str | None
    due_at: datetime | None
    has_time: bool


def read_when(
    text: str, *, now: datetime, zone: str, locale: str = "en-US", calendar: WorkCalendar | None = None
) -> Reading | None:
    """Read the due time of the next step out of free text.

    Args:
        text: Anything that a member typed, in English or Chinese.
        now: The moment at which it was said, aware.
        zone: IANA name of the member's zone.
        locale: Of the member, such as ``en-GB``; it decides what 5/12 is.
        calendar: The team's; None is Monday to Friday 9–12 and 13–18 without holidays.

    Returns:
        None if no time ahead was understood.

    Raises:
        ValueError: The zone is unknown.
    """
    context = context_of(now, zone, locale, calendar)
    folded = fold(text)
    for start, end in reversed(sentences(folded)):
        found = find_in(folded, start, end, context)
        if found is not None:
            first, last = folded.original(found.places[0][0], max(place[1] for place in found.places))
            return Reading(found.due_at, found.has_time, first, last)
    return None


def split_follow_up(
    text: str, *, now: datetime, zone: str, locale: str = "en-US", calendar: WorkCalendar | None = None
) -> FollowUpText:
    """Split one line such as "sent the quote; next thu 3pm call the CTO" into what was said and what comes next.

    It is cut at semicolons, ends of lines and sentences, arrows, and words such as "next:" and 下一步. The last part that
    gives a due time begins the next step; where none does, the part after such a word, or after the last semicolon.

    Args:
        text: Anything that a member typed.
        now: The moment at which it was said, aware.
        zone: IANA name of the member's zone.
        locale: Of the member.
        calendar: The team's, or None.

    Raises:
        ValueError: The zone is unknown.
    """
    context = context_of(now, zone, locale, calendar)
    folded = fold(text)
    parts = _parts(folded)
    marked = [index for index, part in enumerate(parts) if part.marked]
    for index in range(len(parts) - 1, (marked[-1] if marked else 0) - 1, -1):
        part = parts[index]
        found = find_in(folded, part.start, part.end, context)
        if found is not None:
            begin = _after_what_was_done(folded, part, found)
            return FollowUpText(
                said=_tidy(text[: folded.places[begin]]),
                next_step=_without(text, folded, begin, found) or None,
                due_at=found.due_at,
                has_time=found.has_time,
            )
    if marked or len(parts) > 1:
        begin = folded.places[parts[marked[-1] if marked else -1].start]
        return FollowUpText(_tidy(text[:begin]), _tidy(text[begin:]) or None, None, has_time=False)
    return FollowUpText(_tidy(text), None, None, has_time=False)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the folded text; ``marked`` if a word before it says that it is the next step."""

    start: int
    end: int
    marked: bool = False


_MARKER = re.compile(
    r"\b(?:next(?: steps?)? ?[:-]|next steps? (?:is|are|=) |(?:to-?do|follow-?up|action) ?:)|(?:下一步|接下来|后续)(?:计划|安排|动作|工作)?(?:是|为)?[:, -]?",
    re.ASCII,
)


def _parts(folded: Folded) -> list[_Part]:
    parts: list[_Part] = []
    for start, end in sentences(folded):
        begin, is_marked = start, False
        for match in _MARKER.finditer(folded.text, start, end):
            if folded.text[begin : match.start()].strip(" ,"):
                parts.append(_Part(begin, match.start(), is_marked))
            begin, is_marked = match.end(), True
        if folded.text[begin:end].strip():
            parts.append(_Part(begin, end, is_marked))
    return parts


_DONE = re.compile(
    r"已|了|过|完|\b(?:sent|called|met|spoke|had|got|left|told|gave|did|saw|was|were|came|\w+ed)\b",
    re.ASCII,
)


def _after_what_was_done(folded: Folded, part: _Part, found: Found) -> int:
    """Return where the next step begins: after a comma, if what stands before it is done."""
    first = found.places[0][0]
    if _DONE.search(folded.text, part.start, first) and (
        ACTS.match(folded.text, found.places[0][1]) or _CHINESE_GOES_ON.match(folded.text, found.places[0][1])
    ):
        # 发了报价 周四打电话: nothing but the time itself stands between the two.
        before = folded.cased[part.start : first]
        if before.isascii() or _follows_a_space(folded, first):
            return first
    comma = folded.text.rfind(",", part.start, first)
    if comma < 0 or not _DONE.search(folded.text, part.start, comma):
        return part.start
    return comma + 1


_CHINESE_GOES_ON = re.compile("[一-龥]")


def _follows_a_space(folded: Folded, place: int) -> bool:
    """Tell whether a space that was left out stood before a place of the folded text."""
    return place > 0 and folded.places[place] - folded.places[place - 1] > 1


_CONNECTED_BEFORE = re.compile(
    r"(?:(?:(?<![A-Za-z])(?:no later than|on|by|at|before|until|till|around|from|for|due|in|the|sometime|latest|this)|[在于就,，、(（@-])\s*)+$",
    re.IGNORECASE,
)
_CONNECTED_AFTER = re.compile(
    r"\s*(?:之前|以前|前|之后|左右|的|[,，、:：)）]|sharp\b|latest\b|at the latest\b)*", re.IGNORECASE
)
_EDGES = " \t\r\n,，、;；.。:：-–—→>=~"
_LEADING = re.compile(
    r"^(?:(?:and then|then|and|to|will|i will|i'll|we will|we'll)\b|然后|接着|并且|再(?!次))[\s,，]*", re.IGNORECASE
)


def _without(text: str, folded: Folded, begin: int, found: Found) -> str:
    """Return the original text from a place on, without the words that say when."""
    left, rest = folded.places[begin], ""
    for start, end in found.places:
        first, last = folded.original(start, end)
        before = text[left:first]
        rest = _joined(rest, before[: len(before) - len(_tail(before))])
        after = _CONNECTED_AFTER.match(text, last)
        left = after.end() if after else last
    return _LEADING.sub("", _tidy(_joined(rest, text[left:])))


def _tail(before: str) -> str:
    match = _CONNECTED_BEFORE.search(before)
    return match.group() if match else ""


def _joined(left: str, right: str) -> str:
    """Return two texts as one, with a space between Latin words and none in Chinese."""
    left, right = left.rstrip(), right.lstrip()
    if left and right and right[0] not in ",;.，；。" and (left[-1].isascii() or right[0].isascii()):
        return f"{left} {right}"
    return left + right


def _tidy(text: str) -> str:
    return re.sub(_MARKER_AT_END, "", text.strip(_EDGES)).strip(_EDGES)


_MARKER_AT_END = re.compile(r"(?:\b[Nn]ext(?: steps?)?(?: is| are)?|下一步(?:计划|安排|是|为)?|接下来|后续)\s*$")
