"""Owns the text that due times are read from: one spelling for every width, case and script, and the way back to the original."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

# What is read of a very long text is its end, where the next step stands.
_LONGEST = 6000
MASK = "￼"

_SAME = str.maketrans(
    "週後點號兩時鐘個禮這內過間開節慶聖誕國幾壹貳參叁肆伍陸柒捌玖拾〇給聯話總來還約見簽訪發說並與裡裏將會讓單準報價復覆電歲舊曆當為從總議題優勢區別說見簡"
    "’‘–—−‑‒～〜·",
    "周后点号两时钟个礼这内过间开节庆圣诞国几一二三三四五六七八九十零给联话总来还约见签访发说并与里里将会让单准报价复复电岁旧历当为从总议题优势区别说见简"
    "''-----~~ ",
)

_CJK = "\u3400-\u9fff"
# Spaces inside a Chinese expression say nothing: 下周四 下午 3 点. A line's end does.
_SILENT_SPACE = re.compile(
    rf"(?<=[{_CJK}]) (?=[{_CJK}0-9])|(?<=[0-9]) (?=[年月日号点时分天个小半刻]|周[后内之以]|星期[后内之以]|工作日)"
)

# What has digits or the names of days in it and is no time.
_NO_TIME = re.compile(
    r"""
      <[^<>\s][^<>]*>                                       # Slack's mentions and links
    | \b(?:https?://|www\.)\S+
    | \b[\w.+-]+@[\w-]+\.[\w.-]+                            # mail
    | \b\S+\.(?:pdf|docx?|xlsx?|pptx?|csv|png|jpe?g|zip|txt|md|html?)\b
    | [$€£¥]\ ?[0-9][0-9.,]*(?:\ ?[kmb]\b|\ ?[万亿千])?
    | (?<![0-9])[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?       # 3,000
    | (?<![0-9:])[0-9]+(?:\.[0-9]+)?\ ?(?:%|[万亿千百元块倍折]|(?:usd|eur|gbp|rmb|cny|dollars?|euros?|pounds?|k)\b)
    | \bv[0-9]+(?:\.[0-9]+)+
    | (?<![0-9])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])
    | \+[0-9][0-9 ()-]{6,}[0-9]                             # phone
    | (?<![0-9-])\(?0?[0-9]{2,4}\)?[- ][0-9]{3,4}[- ][0-9]{3,4}(?![0-9:-])
    | (?<![0-9-])[0-9]{3,4}-[0-9]{4,8}(?![0-9:-])
    | (?<![0-9])[0-9]{7,}(?![0-9]|t[0-9])
    | \#[0-9][0-9/.-]*
    | \b(?:black|good|casual|cyber|super|man)\ (?:friday|monday|sunday)\b
    | \b(?:sun|mon|tues|wednes|thurs|fri|satur)day\.[a-z]
    | \b(?:24/7|9/11|7-eleven)\b
    | 农历[零一二三四五六七八九十正腊初廿0-9月日号]*|[正腊]月[零一二三四五六七八九十初廿]*|五月天
    | \b24/7(?:/365)?\b
    | \b(?:room|suite|floor|gate|apt|flight|order|invoice|ticket|page)\ ?[a-z]{0,3}-?[0-9]+(?![0-9:/.-])(?!\ ?[ap]\.?m)
    | \b(?:po|no\.|nr\.?|ext\.?|version|chapter|section)\ ?[a-z]{0,3}-?[0-9]+(?:[./-][0-9]+)*(?![0-9:])(?!\ ?[ap]\.?m)
    | \b(?:ratio|score)\ (?:is\ |of\ )?[0-9]+[:/-][0-9]+
    | 第[0-9零一二三四五六七八九十]+(?:[点号日天周步条期版次]|个月|月)
    | (?:比例|比分|编号|单号|型号|版本|房间|房号|工号|尾号)为?是?[0-9]+(?:[:./-][0-9]+)*
    """,
    re.VERBOSE | re.ASCII,
)


# Slack's _emphasis_ is no part of a word.
_EMPHASIS = re.compile(r"[`´]|(?<![a-z0-9])_|_(?![a-z0-9_])")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in one spelling.

    Args:
        text: Lower case, half width, simplified, without silent spaces; what is surely no time is masked.
        cased: The same characters in the case they were written in.
        places: For each character its place in the original, and one more at the end.
    """

    text: str
    cased: str
    places: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the place of some characters in the original text."""
        if start >= end:
            return self.places[start], self.places[start]
        return self.places[start], self.places[end - 1] + 1


def _characters(text: str) -> list[tuple[str, int]]:
    skipped = max(0, len(text) - _LONGEST)
    found: list[tuple[str, int]] = []
    for place, character in enumerate(text[skipped:], start=skipped):
        if unicodedata.category(character) in {"Cf", "Cs"}:
            continue
        for part in unicodedata.normalize("NFKC", character).translate(_SAME):
            if part == "\n" or not part.isspace():
                found.append((part, place))
            elif not found or found[-1][0] != " ":
                found.append((" ", place))
    return found


def fold(text: str) -> Folded:
    """Bring a text into one spelling.

    Only the last 6,000 characters are read.
    """
    found = _characters(text)
    cased = "".join(character for character, _ in found)
    keep = [True] * len(found)
    for match in _SILENT_SPACE.finditer(cased):
        keep[match.start()] = False
    kept = [pair for pair, wanted in zip(found, keep, strict=True) if wanted]
    cased = "".join(character for character, _ in kept)
    lower = "".join(character.lower() if len(character.lower()) == 1 else character for character in cased)
    masked = _EMPHASIS.sub(" ", _NO_TIME.sub(lambda match: MASK * len(match.group()), lower))
    places = tuple(place for _, place in kept)
    return Folded(text=masked, cased=cased, places=(*places, len(text)))


_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2}
_TENS = {"十": 10, "廿": 20, "卅": 30}

ZH_NUMBER = "(?:[0-9]{1,3}|[二两三四五六七八九]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|卅一?|零?[零一二两三四五六七八九])"
"""A number up to 99 in Chinese characters, or up to 999 in digits; never two numbers that happen to stand together."""


def chinese_number(text: str) -> int:
    """Return the value of what ``ZH_NUMBER`` matched."""
    if text.isdigit() and text.isascii():
        return int(text)
    value = 0
    for character in text:
        if character == "十":
            value = max(value, 1) * 10
        elif character in _TENS:
            value += _TENS[character]
        else:
            value += _DIGITS[character]
    return value


_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TEENS = ("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_ENGLISH: dict[str, float] = {
    **{word: value for value, word in enumerate((*_ONES, *_TEENS))},
    **dict(zip(("twenty", "thirty", "forty", "fifty", "sixty", "ninety"), (20, 30, 40, 50, 60, 90), strict=True)),
    "twenty-five": 25,
    "twenty five": 25,
    "forty-five": 45,
    "forty five": 45,
    "a": 1,
    "an": 1,
    "half a": 0.5,
    "half an": 0.5,
    "a couple of": 2,
    "a couple": 2,
    "couple of": 2,
}
EN_NUMBER = "(?:[0-9]{1,4}(?:\\.[0-9]{1,2})?|" + "|".join(sorted(_ENGLISH, key=len, reverse=True)) + ")"
"""A number in digits or as an English word; use it with word boundaries."""


def english_number(text: str) -> float:
    """Return the value of what ``EN_NUMBER`` matched."""
    return _ENGLISH[text] if text in _ENGLISH else float(text)


def words_before(text: str, place: int) -> str:
    """Return the Latin word that ends before a place, across one space; empty if there is none."""
    match = re.search(r"([a-z']+) ?$", text[max(0, place - 24) : place], re.ASCII)
    return match.group(1) if match else ""


def word_after(text: str, place: int) -> str:
    """Return the Latin word that begins after a place, across one space; empty if there is none."""
    match = re.match(r" ?([a-z']+)", text[place : place + 24], re.ASCII)
    return match.group(1) if match else ""


# What may follow "at 3" or "sat" when it is a time; a noun would make it a number of things, or a part of a name.
_GOES_ON = frozenset({
    "", "on", "in", "with", "and", "or", "then", "for", "today", "tomorrow", "tmrw", "tonight", "sharp", "this", "next", "at", "by", "if",
    "when", "so", "but", "because", "latest", "please", "pls", "call", "send", "meet", "visit", "email", "mail", "demo", "review", "lunch",
    "follow", "ring", "present", "sign", "go", "we", "i", "he", "she", "they", "his", "her", "their", "our", "the", "local", "monday",
    "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "before", "dinner",
    "after", "about", "re", "regarding", "over", "via", "ish", "exactly", "again", "max", "cet", "est", "pst", "utc", "gmt", "as", "until",
    "coffee", "breakfast", "noon", "morning", "afternoon", "evening", "night", "meeting", "to", "from", "per", "eod", "cob", "midday", "am",
})  # fmt: skip


def goes_on(word: str) -> bool:
    """Tell whether a sentence can go on with this word after a time; it can with none."""
    return word in _GOES_ON


# A full stop ends a sentence before a capital or a Chinese character, unless an abbreviation stands there.
_BREAK = re.compile(
    r"[;\n。!→⇒➜]|[-=]>|"
    r"(?<!\b[AaPp]\.[Mm])(?<!\b[A-Za-z])(?<!\b[MmDd][rs])(?<!\bMrs)(?<!\bInc)(?<!\bLtd)(?<!\bCo)(?<!\bNo)\. (?=[^a-z0-9 ])",
    re.ASCII,
)


def sentences(folded: Folded) -> list[tuple[int, int]]:
    """Return where the parts of a text begin and end: it is cut at semicolons, ends of lines and sentences, and arrows."""
    breaks = [match.span() for match in _BREAK.finditer(folded.cased)]
    edges = [(0, 0), *breaks, (len(folded.text), len(folded.text))]
    return [(left[1], right[0]) for left, right in pairwise(edges) if left[1] < right[0]]
