"""Amounts as people type them: exact, in the smallest unit, and refused with nothing but ValueError."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.money import minor_digits, read_amount


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0", 0),
        ("12000", 1_200_000),
        ("12,000", 1_200_000),
        ("12,000.50", 1_200_050),
        ("12 000", 1_200_000),
        ("12'000", 1_200_000),
        ("1.234.567,89", 123_456_789),
        ("1,234,567.89", 123_456_789),
        ("1.234.567", 123_456_700),
        ("12.500", 1_250_000),
        ("0.500", 50),
        ("1,5", 150),
        ("1.5", 150),
        ("99.99", 9_999),
        ("5.", 500),
        ("50k", 5_000_000),
        ("50 K", 5_000_000),
        ("1.5m", 150_000_000),
        ("1.234m", 123_400_000),
        ("2bn", 200_000_000_000),
        ("3 thousand", 300_000),
        ("1.2万", 1_200_000),
        ("３０万", 30_000_000),
        ("5千", 500_000),
        ("2百万", 200_000_000),
        ("1.5亿", 15_000_000_000),
        ("1,500k", 150_000_000),
        ("12,34,567", 123_456_700),
        ("1,234.", 123_400),
        ("1.2345万", 1_234_500),
    ],
)
def test_amounts_are_read_in_the_teams_currency(text: str, minor: int) -> None:
    assert read_amount(text, "USD") == (minor, "USD")


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("€1.5m", 150_000_000, "EUR"),
        ("$50k", 5_000_000, "USD"),
        ("US$ 7", 700, "USD"),
        ("50k eur", 5_000_000, "EUR"),
        ("£3", 300, "GBP"),
        ("3万元", 3_000_000, "CNY"),
        ("人民币 20", 2_000, "CNY"),
        ("￥8", 800, "CNY"),
        ("2万美元", 2_000_000, "USD"),
        ("700 日元", 700, "JPY"),
        ("hk$5", 500, "HKD"),
        ("1k chf", 100_000, "CHF"),
    ],
)
def test_a_named_currency_stands_above_the_teams(text: str, minor: int, currency: str) -> None:
    assert read_amount(text, "SEK") == (minor, currency)


def test_a_yen_sign_is_the_teams_own_currency_where_both_are_written_so() -> None:
    assert read_amount("¥500", "JPY") == (500, "JPY")
    assert read_amount("¥500", "CNY") == (50_000, "CNY")
    assert read_amount("¥500", "USD") == (50_000, "CNY")


def test_some_currencies_have_no_smaller_unit() -> None:
    assert [minor_digits(code) for code in ("JPY", "KRW", "USD", "CNY")] == [0, 0, 2, 2]
    assert read_amount("1.2万", "JPY") == (12_000, "JPY")


_NO_AMOUNTS = (
    "", " ", "1,0000", "1.2345", "-5", "+5", "abc", "5 apples", "five", "k", "€", "1e5", "0x10", "NaN", "Infinity", "1/2", "5kk", "10^9",
    "99999999999999999999", "1.2.3", "1,2,3", "1.2,3.4", "$5 eur", "12,,000",
)  # fmt: skip


@pytest.mark.parametrize("text", _NO_AMOUNTS)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text itself is the message
        read_amount(text, "USD")


@given(st.text(max_size=60) | st.from_regex(r"[$€¥]?[0-9.,' ]{0,30}(k|m|万|亿)?(usd|元)?", fullmatch=True))
@example("9" * 5000)
@example("1" + "." * 50)
@example("٣٤")
@example("²")
def test_whatever_is_typed_gives_whole_units_or_a_value_error(text: str) -> None:
    try:
        minor, currency = read_amount(text, "USD")
    except ValueError:
        return
    assert type(minor) is int
    assert 0 <= minor <= 10**15
    assert len(currency) == 3


@given(st.integers(0, 10**13 - 1))
def test_what_is_written_with_cents_comes_back_to_the_cent(minor: int) -> None:
    whole, cents = divmod(minor, 100)
    assert read_amount(f"{whole}.{cents:02}", "USD") == (minor, "USD")
    assert read_amount(f"{whole:,}.{cents:02}", "USD") == (minor, "USD")
    assert read_amount(f"{whole}", "USD") == (whole * 100, "USD")
    assert read_amount(f"{whole:,}", "USD") == (whole * 100, "USD")
