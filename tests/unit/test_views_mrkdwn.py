from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Text
from bot.views.mrkdwn import (
    clip,
    clip_mrkdwn,
    escape,
    escape_line,
    harmless,
    mention,
    one_line,
    plain,
    quote,
    readable,
    typed,
)

GUARD = "\u2060"


def test_mentions_and_links_of_people_are_shown_as_typed() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_signs_at_the_edge_of_a_word_do_not_format() -> None:
    assert escape("*bold*") == f"{GUARD}*{GUARD}bold{GUARD}*{GUARD}"
    assert escape("a_b 3*4") == "a_b 3*4"
    assert "`" in escape("`code`")
    assert escape("> quote").startswith(GUARD)


@given(st.text(max_size=200))
def test_no_text_of_people_can_open_a_token(text: str) -> None:
    safe = escape(text)
    assert "<" not in safe
    assert ">" not in safe
    assert safe.replace(GUARD, "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text.replace(
        GUARD, ""
    )


@given(st.text(max_size=300), st.integers(min_value=2, max_value=80))
def test_cutting_finished_mrkdwn_leaves_no_half_entity_and_keeps_the_size(text: str, most: int) -> None:
    cut = clip_mrkdwn(escape(text), most)
    assert len(cut) <= most
    assert not cut.removesuffix("…").endswith(("&", "&l", "&lt", "&a", "&am", "&amp", "&g", "&gt"))


def test_cutting_keeps_a_mention_whole_or_leaves_it_out() -> None:
    assert clip_mrkdwn("hello <@U123456> and more", 12) == "hello…"


def test_short_texts_are_not_cut() -> None:
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"
    assert clip_mrkdwn("abc", 3) == "abc"


def test_one_line_has_no_control_characters() -> None:
    assert one_line("a\n\tb\x00 c") == "a b c"
    assert escape_line("a\n> b", 10) == "a &gt; b"


def test_quotation_marks_every_line() -> None:
    assert quote("a\n\n<b>", 20) == "> a\n> &lt;b&gt;"


def test_member_is_mentioned_where_slack_knows_them() -> None:
    assert mention("U1", "Rita") == "<@U1>"
    assert mention(None, "<Rita>") == "&lt;Rita&gt;"


def test_values_inside_texts_are_made_harmless_and_numbers_stay() -> None:
    inner = Text("event.change", field="<a>", value=1)
    assert harmless(Text("x", name="<b>", inner=inner, count=3)) == Text(
        "x", name="&lt;b&gt;", inner=Text("event.change", field="&lt;a&gt;", value=1), count=3
    )


def test_message_of_slack_is_read_as_a_person_reads_it() -> None:
    said = "<@U1|rita> see <https://a.test|the page>, <https://b.test>, <mailto:a@b.test|a@b.test> <#C1|sales> <!here> &lt;3"
    assert readable(said) == "@rita see the page (https://a.test), https://b.test, a@b.test #sales @here <3"


def test_text_of_a_command_is_read_as_it_was_typed() -> None:
    said = "<https://acme.com|acme.com> &amp; <mailto:a@b.test|a@b.test> <https://b.test/x> <#C1|sales> <!subteam^S1|@eng> &lt;3"
    assert typed(said) == "acme.com & a@b.test https://b.test/x #sales @eng <3"
    assert typed("<!channel> <@U1|rita> <@U2>") == "@channel @rita @U2"
    assert typed("<!here> <@U1|rita>, x &amp; y", mentions=True) == "@here <@U1|rita>, x & y"


def test_plain_text_has_no_marks_of_code_or_bold() -> None:
    assert plain("Use `/loop`, *now*: 3*4") == "Use /loop, now: 3*4"
