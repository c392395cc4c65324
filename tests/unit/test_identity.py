"""Who is who among customers: the corpus, the laws, and each kind of key."""

import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.identity import (
    KEY_RULES,
    STRONG,
    CustomerFacts,
    Key,
    KeyKind,
    Verdict,
    compare,
    compare_customers,
    credit_code_key,
    domain_key,
    forms_conflict,
    keys_of,
    legal_form,
    name_key,
    near_keys,
    phone_key,
    query_key,
    query_keys,
    search_keys,
)
from bot.domain.identity_near import romaji_of
from bot.domain.identity_search import MOST_SEARCH_KEYS, pinyin_key

SAME, POSSIBLE, DIFFERENT = Verdict.SAME, Verdict.POSSIBLE, Verdict.DIFFERENT
INVISIBLE = ("\u200b", "\u200e", "\u200f", "\u00ad", "\ufeff", "\u2060")
NAMES = (
    st.sampled_from(
        [
            line.split("\t")[0]
            for line in Path(__file__).with_name("identity_corpus.tsv").read_text("utf-8").splitlines()[1:]
        ]
    )
    | st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "Acme",
                "The",
                "Ltd",
                "Co.",
                "GmbH & Co. KG",
                "(",
                ")",
                "上海",
                "华为",
                "有限公司",
                "集团",
                "分公司",
                "Berlin",
                "ソニー",
                "&",
                "S.A.",
                "54",
                "first",
                "Group",
                "Bank",
                "银行",
                "of",
                "e",
                "A",
                "é",
                "市",
                "😀",
                "株式会社",
                "㈱",
                "the",
                ".",
            ]
        ),
        max_size=7,
    ).map(" ".join)
)


def corpus() -> list[list[str]]:
    text = Path(__file__).with_name("identity_corpus.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


def counts(rows: list[list[str]]) -> Counter[tuple[str, str]]:
    return Counter((row[2], compare(row[0], row[1]).verdict.value) for row in rows)


def test_corpus_has_every_language_and_verdict_evenly() -> None:
    rows = corpus()
    assert len(rows) >= 400
    cells = Counter((row[3], row[2]) for row in rows)
    # Some pairs more are Italian, Dutch, Portuguese or of another language (xx).
    assert {language for language, _ in cells} == {"en", "de", "fr", "es", "ja", "zh", "it", "nl", "pt", "xx"}
    for language in ("en", "de", "fr", "es", "ja", "zh"):
        assert min(cells[language, verdict] for verdict in ("same", "possible", "different")) >= 20
    assert len({(*sorted(row[:2]), row[2]) for row in rows}) >= len(rows) - 2


def test_verdicts_on_the_corpus_are_as_good_as_promised() -> None:
    found = counts(corpus())

    def labelled(label: str) -> int:
        return sum(count for (was, _), count in found.items() if was == label)

    def said(verdict: str) -> int:
        return sum(count for (_, now), count in found.items() if now == verdict)

    assert found["same", "same"] + found["same", "possible"] >= 0.97 * labelled("same")
    assert found["same", "same"] >= 0.85 * labelled("same")
    assert found["same", "same"] == said("same")
    assert found["same", "possible"] + found["possible", "possible"] >= 0.90 * said("possible")
    assert found["possible", "possible"] >= 0.70 * labelled("possible")


def test_near_keys_bring_the_pairs_of_the_corpus_together() -> None:
    wanted = [row for row in corpus() if row[2] != "different"]
    missed = [row[:2] for row in wanted if not near_keys(row[0]) & near_keys(row[1])]
    assert len(missed) <= 0.02 * len(wanted), missed


@pytest.mark.parametrize(
    ("a", "b", "verdict", "deciding"),
    [
        # Characters of which the usual tables know two simplified ones, and words after 市 that look like its own.
        ("瀋陽開發線纜諮詢", "沈阳开发线缆咨询", SAME, "name_key"),
        ("餘姚鍾錶", "余姚钟表", SAME, "name_key"),
        ("北京乾坤", "北京干坤", DIFFERENT, "distinctive_word"),
        ("佛山市南风陶瓷", "佛山南风陶瓷", SAME, "name_key"),
        ("深圳市立创电子", "深圳立创电子", SAME, "name_key"),
        ("青岛市南区茶馆", "青岛南区茶馆", DIFFERENT, "distinctive_word"),
        # An open form goes with every form that has it; limited and general partnership exclude each other.
        ("东篱合伙企业", "东篱合伙企业（有限合伙）", SAME, "name_key"),
        ("东篱（普通合伙）", "东篱（有限合伙）", POSSIBLE, "legal_form_conflict"),
        ("东篱合伙企业", "东篱有限公司", POSSIBLE, "legal_form_conflict"),
        # Something behind the legal form, or a branch wherever it is.
        ("上海瀚海贸易有限公司第二门市", "上海瀚海贸易有限公司", POSSIBLE, "branch"),
        ("瀚海贸易有限公司（工会）", "上海瀚海贸易有限公司", POSSIBLE, "branch"),
        ("瀚海贸易思明店", "瀚海贸易", POSSIBLE, "branch"),
        ("瀚海贸易第三营业部", "瀚海贸易", POSSIBLE, "branch"),
        ("瀚海贸易有限公司第二门市", "沧海贸易有限公司", DIFFERENT, "distinctive_word"),
        # A trade with 科技 more; two trades that are cousins; a place exchanged for a word.
        ("鹏翔电子科技有限公司", "鹏翔电子有限公司", POSSIBLE, "descriptive_word"),
        ("鹏翔电子科技", "鹏翔网络科技", DIFFERENT, "industry"),
        ("Larkrise Bakery", "Larkrise Dairy", DIFFERENT, "industry"),
        ("Carter Dental", "Cartier Jewelry", DIFFERENT, "industry"),
        ("Amtsgericht Trier", "Amtsgericht Mainz", DIFFERENT, "distinctive_word"),
        # Translations choose their words: a trade of one group, or a word that no table knows.
        ("恒远环保工程", "Hengyuan Environmental Engineering", POSSIBLE, "pinyin"),
        ("晶盛机电", "Jingsheng Gizmos", POSSIBLE, "pinyin"),
        ("晶盛机电", "Jingke Gizmos", DIFFERENT, "distinctive_word"),
        ("晶盛", "Jingsheng Gizmos", DIFFERENT, "distinctive_word"),
        # Initials: of what both do not have; with an "and"; never a domain's ending at the beginning.
        ("AB Consulting", "AC Consulting", DIFFERENT, "distinctive_word"),
        ("Marrow & Spindle", "M&S", POSSIBLE, "abbreviation"),
        ("JP Morgan", "Morgan Stanley", DIFFERENT, "distinctive_word"),
        ("C# Larkrise", "C Larkrise", POSSIBLE, "short_name"),
        # Short Chinese names: without the place that both have, and without the last character.
        ("中国建设银行", "建行", POSSIBLE, "abbreviation"),
        ("中国船舶银行", "船行", POSSIBLE, "abbreviation"),
        ("中国中铁", "中国铁建", DIFFERENT, "distinctive_word"),
        ("桜井鉄工所", "桜井鉄工", POSSIBLE, "short_name"),
        ("Larsen & Toubro", "L&T", POSSIBLE, "abbreviation"),
        # A district or 自治区 in front tells where; numbers count however they are written.
        ("南通市海门区鑫源纺织", "鑫源纺织", POSSIBLE, "city_one_side"),
        ("北京市朝阳区光明小学", "北京市海淀区光明小学", DIFFERENT, "city"),
        ("广西壮族自治区桂冠电力", "桂冠电力", POSSIBLE, "city_one_side"),
        ("4 Corners Travel", "Four Corners Travel", POSSIBLE, "words"),
        ("4 Corners Travel", "Five Corners Travel", DIFFERENT, "number"),
    ],
)
def test_what_held_out_pairs_taught(a: str, b: str, verdict: Verdict, deciding: str) -> None:
    found = compare(a, b)
    assert (found.verdict, deciding in found.deciding) == (verdict, True), found


@given(NAMES, NAMES)
@settings(max_examples=300, deadline=None)
def test_compare_is_symmetric(a: str, b: str) -> None:
    assert compare(a, b) == compare(b, a)


@given(NAMES)
@settings(max_examples=300, deadline=None)
def test_a_name_is_the_same_as_itself(name: str) -> None:
    assert compare(name, name).verdict is SAME


@given(NAMES, NAMES)
@settings(max_examples=300, deadline=None)
def test_same_is_equal_key_without_conflict_of_forms(a: str, b: str) -> None:
    same = name_key(a) == name_key(b) and not forms_conflict(legal_form(a), legal_form(b))
    assert (compare(a, b).verdict is SAME) == same


@given(NAMES)
@settings(max_examples=500, deadline=None)
def test_name_key_is_its_own_key_and_never_empty(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    assert key.strip() == key != ""


@given(st.sampled_from([row[0] for row in corpus()]), st.integers(0, 60), st.sampled_from(INVISIBLE))
@settings(max_examples=300, deadline=None)
def test_name_key_ignores_case_width_spacing_and_invisible_characters(name: str, place: int, unseen: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name)
    for variant in (
        name.upper(),
        name.lower(),
        wide,
        f"  {name.replace(' ', '   ')}\t",
        name[:place] + unseen + name[place:],
    ):
        assert name_key(variant) == name_key(name), variant


@given(NAMES)
@settings(max_examples=300, deadline=None)
def test_keys_are_there_for_any_text(name: str) -> None:
    assert Key(KeyKind.NAME, name_key(name)) in keys_of(name)
    assert near_keys(name)
    assert 0 < len(search_keys(name)) <= MOST_SEARCH_KEYS
    query_keys(name)


@given(st.sampled_from([row[0] for row in corpus()]), st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_what_is_typed_of_a_key_finds_the_name(name: str, typed: int) -> None:
    assert set(query_keys(name_key(name)[:typed])) <= search_keys(name)


@given(st.text(max_size=30), st.sampled_from([None, "CN", "DE", "US", "ZZ"]))
@settings(max_examples=200, deadline=None)
def test_other_keys_take_any_text(text: str, region: str | None) -> None:
    assert domain_key(text) != ""
    assert phone_key(text, region) != ""
    assert credit_code_key(text) is None


@pytest.mark.parametrize(
    "name",
    [
        "Ltd",
        "有限公司",
        "集团",
        "The",
        "The Company",
        "Co., Ltd.",
        "😀",
        "!!!",
        "株式会社",
        "(上海)",
        "&",
        "银行",
        "公司",
    ],
)
def test_names_of_nothing_but_form_or_marks_still_have_a_key(name: str) -> None:
    assert name_key(name)
    assert near_keys(name)
    assert search_keys(name)


def test_blank_names_share_one_key() -> None:
    assert {name_key(""), name_key(" \u200b"), name_key("\u3164")} == {"-"}


@pytest.mark.parametrize(
    ("a", "b", "verdict", "deciding"),
    [
        ("Acme Inc", "ACME", SAME, "legal_form"),
        ("上海华为技术有限公司", "华为技术（上海）有限公司", SAME, "name_key"),
        ("Acme GmbH", "Acme AG", POSSIBLE, "legal_form_conflict"),
        ("上海华为", "北京华为", DIFFERENT, "city"),
        ("华为技术", "华为", POSSIBLE, "descriptive_word"),
        ("华为技术（上海）", "华为技术", POSSIBLE, "city_one_side"),
        ("Data Works", "DataWorks", POSSIBLE, "joined"),
        ("Blue Finch Consulting", "BlueFinch", POSSIBLE, "joined"),
        ("Mueller Kranbau", "Müller Kranbau", POSSIBLE, "umlaut"),
        ("みなかぜ", "ミナカゼ", POSSIBLE, "kana"),
        ("澄屿宜良坊", "宜良坊澄屿", POSSIBLE, "word_order"),
        ("IBM", "International Business Machines", POSSIBLE, "abbreviation"),
        ("SNCF", "Société Nationale des Chemins de fer Français", POSSIBLE, "abbreviation"),
        ("工行", "中国工商银行", POSSIBLE, "abbreviation"),
        ("中移动", "中国移动", POSSIBLE, "abbreviation"),
        ("中石油", "中国石油天然气集团", POSSIBLE, "abbreviation"),
        ("VW", "Volkswagen AG", POSSIBLE, "well_known_name"),
        ("Huawei", "华为技术有限公司", POSSIBLE, "pinyin"),
        ("Lvdi", "绿地", POSSIBLE, "pinyin"),
        ("Minakaze", "ミナカゼ", POSSIBLE, "pinyin"),
        ("Siemens", "Simens", POSSIBLE, "typo"),
        ("Krennhofer Logistik", "Krennhofer Logistk", POSSIBLE, "typo"),
        ("Bank of Orrin", "Orrin Bank", POSSIBLE, "words"),
        ("招商银行上海分行", "招商银行", POSSIBLE, "branch"),
        ("Goldman Sachs", "Goldman", POSSIBLE, "short_name"),
        ("字节跳动", "字节", POSSIBLE, "short_name"),
        ("招商银行上海分行", "招商银行北京分行", DIFFERENT, "city"),
        ("Studio 54", "Studio 55", DIFFERENT, "number"),
        ("First National Bank", "Second National Bank", DIFFERENT, "number"),
        ("Acme Dental", "Acme Logistics", DIFFERENT, "industry"),
        ("华美技术", "华为技术", DIFFERENT, "distinctive_word"),
        ("Aramco", "Aramark", DIFFERENT, "distinctive_word"),
        ("Blue Finch", "Black Finch", DIFFERENT, "distinctive_word"),
        ("Global Services", "Orbica Global Services", DIFFERENT, "generic_only"),
        ("Beijing Huawei", "华为（上海）", DIFFERENT, "city"),
        ("Acme Falcon", "Acme Logistics", DIFFERENT, "distinctive_word"),
    ],
)
def test_each_clause_of_the_table(a: str, b: str, verdict: Verdict, deciding: str) -> None:
    found = compare(a, b)
    assert found.verdict is verdict
    assert deciding in found.deciding


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Acme Co., Ltd.", "co+ltd"),
        ("Acme", None),
        ("Acme G.m.b.H. & Co. KG", "gmbh-co-kg"),
        ("SARL Dupont", "sarl"),
        ("㈱青嶺", "kk"),
        ("栖川股份有限公司", "jsc"),
        ("Day Spa", None),
        ("Barilla S.p.A.", "spa"),
        ("Foo (GmbH)", "gmbh"),
        ("The Limited", None),
    ],
)
def test_legal_form_is_known_by_its_class(name: str, form: str | None) -> None:
    assert legal_form(name) == form


def test_city_that_is_part_of_the_name_stays_where_it_is() -> None:
    assert name_key("Bank of China") == "bank of china"
    assert name_key("Hotel Berlin") == "hotel berlin"
    assert name_key("Air France S.A.") == "air france"
    assert name_key("Acme Ltd, London") == name_key("Acme London Limited") == "acme london"
    assert compare("Acme London", "London Acme").verdict is POSSIBLE
    assert name_key("芸術社") == name_key("藝術社")
    assert name_key("上海市政工程") == "上海市政工程"
    assert name_key("上海华为技术(上海)有限公司") == name_key("上海市华为技术") == "上海华为技术"
    assert name_key("Foo (Shanghai, China) Ltd") == "shanghai china foo"
    assert name_key("Foo (old name Bar) Ltd") == "foo old name bar"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Jo <jo@mail.acme.co.uk>", "acme.co.uk"),
        ("https://www.acme.com:8080/about?x=a@b", "acme.com"),
        ("http://user@acme.com/x", "acme.com"),
        ("ACME.com.", "acme.com"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("shop.myshopify.com", "shop.myshopify.com"),
        ("a@gmail.com", None),
        ("x@vip.qq.com", None),
        ("https://www.linkedin.com/company/acme", None),
        ("co.uk", None),
        ("localhost", None),
        ("192.168.1.1", None),
        ("not a domain", None),
        ("a..b", None),
        ("", None),
        (None, None),
    ],
)
def test_domain_key_is_the_registered_domain(text: str | None, domain: str | None) -> None:
    assert domain_key(text) == domain


def test_phone_key_is_e164_of_a_valid_number() -> None:
    assert phone_key("(021) 1234-5678", "CN") == phone_key("+86 21 12345678") == "+862112345678"
    assert phone_key("021 1234 5678 ext. 9", "CN") == "+862112345678"
    assert phone_key("０２１ー１２３４５６７８", "CN") == "+862112345678"
    assert phone_key("123", "CN") is None
    assert phone_key("021-12345678") is None
    assert phone_key("  ", "CN") is None


def test_credit_code_needs_its_check_digit() -> None:
    assert credit_code_key("91440300708461136t") == "91440300708461136T"
    assert credit_code_key("9144 0300-7084 61136Ｔ") == "91440300708461136T"
    assert credit_code_key("914403007084611361") is None
    assert credit_code_key("91440300708461136") is None
    assert credit_code_key("9144030070846113OT") is None
    assert credit_code_key(None) is None


def test_keys_of_a_customer_are_all_its_facts() -> None:
    keys = keys_of(
        "华为技术",
        email="a@huawei.com",
        website="gmail.com",
        phone="021 12345678",
        credit_code="91440300708461136T",
        country="CN",
    )
    assert keys == {
        Key(KeyKind.NAME, "华为技术"),
        Key(KeyKind.DOMAIN, "huawei.com"),
        Key(KeyKind.PHONE, "+862112345678"),
        Key(KeyKind.CREDIT_CODE, "91440300708461136T"),
        Key(KeyKind.PINYIN, "huawei"),
    }
    assert KeyKind.PINYIN not in STRONG
    assert pinyin_key("Acme") is None


def test_an_equal_strong_key_is_the_same_customer_whatever_the_names() -> None:
    found = compare_customers(
        CustomerFacts(name="Acme", email="a@acme.com"), CustomerFacts(name="Orbica", website="www.acme.com")
    )
    assert (found.verdict, found.deciding) == (SAME, ("domain",))


def test_another_credit_code_is_a_warning_beside_the_verdict() -> None:
    one = CustomerFacts(name="澄屿科技", credit_code="91440300708461136T", phone="+86 21 12345678")
    other = CustomerFacts(name="澄屿科技", credit_code="914403001922038216", phone="021 12345678", country="CN")
    assert compare_customers(one, other).deciding == ("phone", "name_key", "credit_code_differs")
    assert compare_customers(CustomerFacts(name="Acme"), CustomerFacts(name="Acme Clinic")).verdict is POSSIBLE


@pytest.mark.parametrize(
    "typed", ["华", "华为", "上海华", "huaw", "hw", "HUAWEI", "sh", "shanghaihuawei", "技术", "为技"]
)
def test_a_chinese_name_is_found_while_it_is_typed(typed: str) -> None:
    assert query_key(typed) in search_keys("上海华为技术有限公司")


@pytest.mark.parametrize("typed", ["a", "acm", "Acme Lo", "the acme", "logi", "acmelog", "lo ac", "gmb"])
def test_a_latin_name_is_found_while_it_is_typed(typed: str) -> None:
    assert set(query_keys(typed)) <= search_keys("The Acme Logistics GmbH")


def test_nothing_visible_asks_for_nothing() -> None:
    assert query_keys(" \u200b") == ()
    assert query_key("") == ""
    assert query_keys("the") == ("the",)


@pytest.mark.parametrize(
    ("kana", "letters"),
    [
        ("トヨタ", "toyota"),
        ("ニッポン", "nippon"),
        ("シャープ", "shapu"),
        ("きょうと", "kyouto"),
        ("ファン", "fan"),
        ("ティ", "ti"),
    ],
)
def test_kana_are_read_in_hepburn(kana: str, letters: str) -> None:
    assert romaji_of(kana) == letters


def test_warm_comparison_and_keys_are_fast() -> None:
    rows = corpus()

    def fastest(run: int) -> tuple[float, float]:
        start = time.perf_counter()
        for row in rows:
            compare(row[0], row[1])
        between = time.perf_counter()
        for row in rows:
            keys_of(row[0], email="a@acme.com")
        return (between - start) / len(rows), (time.perf_counter() - between) / len(rows)

    runs = [fastest(run) for run in range(5)]
    # The goals are 100 and 200 µs; machines that run tests are shared.
    assert min(run[0] for run in runs) < 300e-6
    assert min(run[1] for run in runs) < 600e-6


# Names of every kind that makes keys, and a digest of all their keys by the rules of each version.
_KEYED = (
    "The Acme Logistics GmbH", "Calloway & Pike L.L.C.", "O’Dowd Freight Ltd.", "J. R. Tamworth Corp.", "Kestrel Dynamics (Boston) Inc.",
    "Zephra Mining Pty Ltd", "Day Spa", "Société Générale S.A.", "Müller & Söhne KG", "Construcciones García S.L.", "3M Deutschland",
    "株式会社ひまわり商事", "ソニー株式会社", "北京华星科技有限公司", "華星科技股份有限公司", "华星（上海）科技有限公司", "上海浦东发展银行", "工行",
    "佛山市南风物流有限公司", "内蒙古草原乳业集团有限公司", "🙂", "ABC 第一医院",
)  # fmt: skip
_DIGESTS = {1: "b8750c9e51b17d2e"}


def test_rules_that_make_other_keys_have_another_number() -> None:
    """Keys in the record are rewritten only when the number was raised: raise KEY_RULES, and note the digest it gets."""
    every = [
        sorted({f"{key.kind}:{key.value}" for key in keys_of(name)} | near_keys(name) | search_keys(name))
        for name in _KEYED
    ]
    assert sha256(repr(every).encode()).hexdigest()[:16] == _DIGESTS.get(KEY_RULES)
