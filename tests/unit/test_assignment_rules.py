"""What a rule is about: language, amount, region; and what a territory or a language does where no rule decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.assignment import Candidate, Choice, choose_owner, standings
from bot.domain.assignment_rules import Lead, fits, same_region
from bot.domain.language import language_code, language_of
from bot.domain.playbook import Playbook, Rule, default_playbook

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PLAYBOOK = default_playbook("CNY")


def rep(number: int, **overrides: Any) -> Candidate:
    return Candidate(**{"member_id": number, "name": f"Rep {number}", "slack_user_id": f"U{number}", **overrides})


def choose(*people: Candidate, lead: Lead, rules: tuple[Rule, ...] = ()) -> Choice:
    return choose_owner(people, lead=lead, customer_owner_id=None, rules=rules, now=NOW)


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (("上海晨光需要 ERP 报价",), "zh"),
        (("Quote for 200 seats", "Acme Ltd"), "en"),
        (("見積もりをお願いします",), "ja"),
        (("견적서 부탁드립니다",), "ko"),
        (("Нужно коммерческое предложение",), "ru"),
        (("نحتاج إلى عرض سعر",), "ar"),
        (("ต้องการใบเสนอราคา",), "th"),
        (("हमें कोटेशन चाहिए",), "hi"),
        (("Wir brauchen bitte ein Angebot für 20 Plätze",), "de"),
        (("Nous avons besoin d'un devis pour les bureaux",), "fr"),
        (("Necesitamos un presupuesto para la oficina",), "es"),
        (("Precisamos de um orçamento para a loja",), "pt"),
        (("要 200 套", None, "Bob"), "zh"),
        (("Ten licences for our Shanghai office, contact 王芳",), "en"),
        (("12345 !!", None), None),
        ((None,), None),
        (("Ελληνικά μόνο",), None),
    ],
)
def test_the_language_is_that_of_most_of_the_words(texts: tuple[str | None, ...], language: str | None) -> None:
    assert language_of(*texts) == language


@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_text_has_one_language_or_none(texts: list[str]) -> None:
    found = language_of(*texts)
    assert found == language_of(*texts)
    assert found is None or language_code(found) == found


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("Chinese", "zh"),
        (" 中文 ", "zh"),
        ("EN_us", "en"),
        ("Klingon", None),
        ("", None),
    ],
)
def test_languages_are_known_by_code_and_name(typed: str, code: str | None) -> None:
    assert language_code(typed) == code


@pytest.mark.parametrize(
    ("value", "amount", "does"),
    [
        (">= 50000", 5_000_000, True),
        (">= 50000", 4_999_999, False),
        ("≥5万", 5_000_000, True),
        ("> 50k", 5_000_000, False),
        ("< 1000", 99_999, True),
        ("< 1000", 100_000, False),
        ("<= 1,000", 100_000, True),
        ("= 1000", 100_000, True),
        ("= 1000", 100_001, False),
        (">= 50000", None, False),
        ("plenty", 5_000_000, False),
    ],
)
def test_an_amount_is_compared_in_the_playbooks_currency(value: str, amount: int | None, does: bool) -> None:
    lead = Lead(amount_minor=amount, currency="CNY", team_currency="CNY")
    assert fits(Rule("amount", value, ("U1",)), lead) is does


@pytest.mark.parametrize("value", [">= 1", "< 1000000", "= 5"])
def test_an_amount_in_another_currency_fits_no_rule(value: str) -> None:
    assert not fits(Rule("amount", value, ("U1",)), Lead(amount_minor=500, currency="USD", team_currency="CNY"))


def test_a_language_rule_takes_codes_and_names() -> None:
    for value in ("zh", "Chinese", "中文"):
        assert fits(Rule("language", value, ("U1",)), Lead(language="zh"))
    assert not fits(Rule("language", "zh", ("U1",)), Lead(language="en"))
    assert not fits(Rule("language", "zh", ("U1",)), Lead())


def test_an_unknown_field_fits_nothing() -> None:
    assert not fits(Rule("moon", "full", ("U1",)), Lead(region="full"))


@pytest.mark.parametrize(
    ("territory", "region", "does"),
    [
        ("East China", "east  china", True),
        ("East China", "East China / Shanghai", True),
        ("华东", "上海、华东", True),
        ("East", "East China", False),
        ("", "", False),
    ],
)
def test_a_region_is_a_territory_or_names_it(territory: str, region: str, does: bool) -> None:
    assert same_region(territory, region) is does


def test_rules_are_tried_in_order_and_come_before_territories() -> None:
    rules = (Rule("amount", ">= 50000", ("U3",)), Rule("language", "zh", ("U2",)))
    people = (rep(1, territories=("East",)), rep(2, open_load=9), rep(3, open_load=20))
    lead = Lead(region="East", language="zh", amount_minor=100, currency="CNY", team_currency="CNY")
    assert choose(*people, lead=lead, rules=rules) == Choice(2, "assign.rule", (("field", "language"), ("value", "zh")))
    assert choose(*people, lead=replace(lead, amount_minor=5_000_000), rules=rules).member_id == 3
    assert choose(*people, lead=replace(lead, language="en"), rules=rules).member_id == 1


def test_who_covers_the_region_comes_first_then_who_speaks_the_language() -> None:
    lead = Lead(region="East China", language="zh")
    one, two = rep(1, languages=("zh",)), rep(2, territories=("East China",), open_load=9)
    three = rep(3, territories=("East China",), languages=("Chinese",), open_load=12)
    assert choose(one, two, lead=lead) == Choice(2, "assign.covers", (("region", "East China"), ("load", 9), ("of", 1)))
    assert choose(one, two, three, lead=lead) == Choice(
        3, "assign.covers_and_speaks", (("region", "East China"), ("language", "zh"), ("load", 12), ("of", 1))
    )
    assert choose(one, rep(4), lead=lead) == Choice(1, "assign.speaks", (("language", "zh"), ("load", 0), ("of", 1)))


def test_lists_that_say_nothing_exclude_nobody() -> None:
    people = (rep(1), rep(2, territories=("North",), languages=("en",)))
    assert choose(*people, lead=Lead()).member_id == 1
    assert choose(people[1], lead=Lead(region="South", language="zh")).member_id == 2
    # Between two that do not cover it, the one who is for something else comes last.
    assert choose(rep(1, open_load=9), people[1], lead=Lead(region="South")).member_id == 1


def test_everybody_stands_somewhere_and_it_says_why() -> None:
    people = (
        rep(1, open_load=3),
        rep(2, away_until=NOW + timedelta(days=1)),
        rep(3, open_load=50),
        rep(4, is_active=False),
        rep(5, slack_user_id=None),
        rep(6, weight=0),
        rep(7, open_load=2, territories=("East",)),
        rep(8),
    )
    lead, asked = Lead(region="East"), frozenset({8})
    choice = choose_owner(people, lead=lead, customer_owner_id=None, rules=(), now=NOW, already_asked=asked)
    found = standings(people, choice, lead=lead, now=NOW, already_asked=asked)
    assert [(one.member_id, one.verdict) for one in found[:2]] == [(7, "chosen"), (1, "eligible")]
    assert {one.member_id: one.verdict for one in found[2:]} == {
        2: "away", 3: "full", 4: "inactive", 5: "unseen", 6: "paused", 8: "asked",
    }  # fmt: skip
    assert found[0].covers is True
    assert next(one for one in found if one.verdict == "away").away_until == NOW + timedelta(days=1)


def _with(*rules: Rule) -> Playbook:
    return replace(PLAYBOOK, rules=rules)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule("moon", "full", ("U1",)), "rules.0: field must be one of"),
        (Rule("region", " ", ("U1",)), "value is empty"),
        (Rule("language", "Klingon", ("U1",)), "language must be one of"),
        (Rule("amount", "50000", ("U1",)), "comparison such as >= 50000"),
        (Rule("amount", ">= lots", ("U1",)), "comparison such as >= 50000"),
        (Rule("amount", ">= $50,000", ("U1",)), "playbook's currency, CNY"),
        (Rule("region", "East", ()), "members is empty"),
    ],
)
def test_a_rule_that_cannot_work_is_named(rule: Rule, words: str) -> None:
    assert any(words in fault for fault in _with(rule).faults()), _with(rule).faults()


def test_rules_that_work_are_no_fault() -> None:
    rules = (
        Rule("amount", ">= 5万", ("U1",)),
        Rule("amount", "< 1000 CNY", ("U1",)),
        Rule("language", "中文", ("U2",)),
    )
    assert _with(*rules).faults() == ()
