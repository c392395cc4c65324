"""The command that explains a verdict."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli.identity import _REASONS, identity

CORPUS = Path(__file__).parent / "identity_corpus.tsv"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(identity, ["compare", *arguments])


def test_two_names_are_explained_in_words() -> None:
    result = run("華為技術（上海）有限公司", "上海华为技术")
    assert result.exit_code == 0
    assert result.output.startswith("same: equal normalised names")
    assert "上海华为技术 (co+ltd)" in result.output
    assert "decided by: name_key, legal_form" in result.output


def test_two_names_as_json_name_the_deciding_keys() -> None:
    result = run("Acme Inc", "Acme Ltd", "--json")
    assert json.loads(result.output) == {
        "a": "Acme Inc",
        "b": "Acme Ltd",
        "verdict": "possible",
        "deciding": ["name_key", "legal_form_conflict"],
    }


def test_a_file_gives_one_json_line_a_pair_without_its_header(tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_bytes("\ufeffa\tb\tverdict\r\nAcme\tACME Inc.\tsame\r\n\r\n北京华为\t上海华为\tdifferent\r\n".encode())
    result = run("--pairs", str(file), "--json")
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert [(answer["a"], answer["verdict"]) for answer in answers] == [("Acme", "same"), ("北京华为", "different")]


def test_bad_rows_are_errors_and_the_others_go_on(tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_bytes(b"only one name\nAcme\t\nAcme\tAcme\nbroken \xff bytes\tAcme\n")
    answers = [json.loads(line) for line in run("--pairs", str(file), "--json").output.splitlines()]
    assert [answer.get("line") for answer in answers] == [1, 2, None, None]
    assert all("error" in answer for answer in answers[:2])
    assert answers[2]["verdict"] == "same"
    assert answers[3]["verdict"] == "different"


def test_bad_rows_are_told_in_words_too(tmp_path: Path) -> None:
    file = tmp_path / "pairs.tsv"
    file.write_text("lonely\n", encoding="utf-8")
    assert run("--pairs", str(file)).output == "line 1: two names parted by a tab are needed\n"


def test_names_and_a_file_together_or_nothing_are_refused() -> None:
    assert run().exit_code == 2
    assert run("only one").exit_code == 2
    assert run("Acme", "Acme Ltd", "--pairs", str(CORPUS)).exit_code == 2


def test_every_reason_of_the_corpus_has_words() -> None:
    lines = run("--pairs", str(CORPUS), "--json").output.splitlines()
    reasons = {reason for line in lines for reason in json.loads(line)["deciding"]}
    assert reasons <= _REASONS.keys()
