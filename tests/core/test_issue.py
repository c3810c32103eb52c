"""Messages: every code says in both languages, in one sentence, what is wrong, where, and what to do."""

import re
import string
from collections.abc import Iterator
from typing import Any

import pytest
from making import CARTONS, carton_row, examine, orders_of, sheet

from bulkorders.core import codes
from bulkorders.core.codes import CATALOGUE
from bulkorders.core.issue import Code, Issue, Problem, issue_at, shorten, where
from bulkorders.core.kinds import Choice, Date, Decimal, Flag, Integer, Kind, Text
from bulkorders.core.refusal import REFUSALS, refuse
from bulkorders.core.words import Words
from bulkorders.providers.lingxing.fields import MCF_ORDERS, TEMPLATES

ALL_CODES = [*CATALOGUE, *(code for template in TEMPLATES for code in template.codes)]
DOUBLED = re.compile(r"[。？，；：、?.,;:!！][。？，；：、?.,;:]|\s\s|\s[，。；]")


def names_in(words: Words) -> set[str]:
    """The names to be filled in a message."""
    return {name for text in words for _, name, _, _ in string.Formatter().parse(text) if name}


def assert_sentence(words: Words) -> None:
    """One sentence in each language: no names left over, no doubled marks, an end."""
    for text in words:
        assert "{" not in text, text
        assert "}" not in text, text
        assert text == text.strip(), repr(text)
        assert "\n" not in text, repr(text)
        assert "None" not in text, text
        assert not DOUBLED.search(text), text
    assert words.zh.endswith(("。", "？")), words.zh
    assert words.en.endswith((".", "?")), words.en
    assert words.zh.count("。") <= 1, words.zh
    assert not re.search("[\u4e00-\u9fff]", words.en), words.en


@pytest.mark.parametrize("code", ALL_CODES, ids=lambda code: code.name)
def test_every_message_is_a_whole_sentence_in_both_languages(code: Code) -> None:
    """With all its names filled nothing of the pattern is left over."""
    values = {name: "7" for name in names_in(code.message) if name not in ("where", "hint", "held")}
    issue = issue_at(Problem(code, values), sheet="Orders", row=5, column="V", label="*MSKU ", value="x")
    assert_sentence(issue.message)


@pytest.mark.parametrize("code", [*ALL_CODES, *REFUSALS], ids=lambda code: code.name)
def test_english_says_nothing_that_chinese_does_not(code: Code) -> None:
    """The names in the English message are among those that are filled for the Chinese one."""
    assert names_in(Words("", code.message.en)) <= names_in(Words(code.message.zh, ""))


@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_every_refusal_is_a_whole_sentence_in_both_languages(code: Code) -> None:
    """A refused file gets one plain sentence."""
    values: dict[str, Any] = {name: "" if name == "near" else "7" for name in names_in(code.message)}
    refusal = refuse(code, **values)
    assert_sentence(refusal.message)


def test_names_of_codes_and_titles_are_unique() -> None:
    """Programs tell troubles apart by the code's name, people by its title."""
    everything = [*ALL_CODES, *REFUSALS]
    assert len({code.name for code in everything}) == len(everything)
    assert all(code.title for code in everything)
    assert all(re.fullmatch("[a-z][a-z_]*", code.name) for code in everything)


def mistakes() -> Iterator[Issue]:
    """One real issue after another, as the program itself makes them."""
    kinds: list[tuple[Kind, list[object]]] = [
        (Text(identifier=True), ["1.2E+14", "ＡＢ"]), (Text(), ["a\nb"]), (Integer(1), ["3件", "三", "x", 2.5]), (Decimal(), ["2 元", "x"]),
        (Date(), ["03/04/2025", "x"]), (Flag("是", "否"), ["x"]), (Choice(("立即配送", "保留订单")), ["x"]),
        (MCF_ORDERS["declared_currency"].kind, ["人民币", "RMB", "x"]), (MCF_ORDERS["country_code"].kind, ["美国", "X", "XK"]),
        (MCF_ORDERS["country"].kind, ["火星", "x"]),
    ]  # fmt: skip
    for kind, cells in kinds:
        for raw in cells:
            for problem in kind.parse(raw).problems:
                yield issue_at(problem, sheet="S", row=5, column="V", label="MSKU", value=str(raw))
    messy = [
        carton_row(weight="x", remark="R1"), carton_row(remark="R2", quantity=0), carton_row(package=None),
        carton_row(package="P2", carton=None, sku=None), carton_row(sku="B"), {"remark": "loose"},
    ]  # fmt: skip
    yield from orders_of(CARTONS, sheet(CARTONS, messy)).issues
    wrong = {"weight": "箱重(磅)", "length": "箱长(mm)", "remark": "备注2", "insured": "是否投保 ", "day": "发货日"}
    yield from examine(CARTONS, sheet(CARTONS, [carton_row()], labels=wrong)).issues


def test_real_messages_read_well() -> None:
    """Hints and proposals join the sentence without doubled marks, in both languages."""
    messages = [(text, ends) for issue in mistakes() for text, ends in zip(issue.message, ("。？", ".?"), strict=True)]
    assert len(messages) > 60
    assert [text for text, ends in messages if not text.endswith(tuple(ends))] == []
    assert [text for text, _ in messages if DOUBLED.search(text)] == []
    assert [text for text, _ in messages if set("{}") & set(text)] == []


def test_a_place_is_said_as_excel_says_it() -> None:
    """Column and row with the heading, the row alone, or nothing."""
    assert where(5, "V", "* 发货量 ") == Words("V5「发货量」", 'V5 "发货量"')
    assert where(5, "V", None) == Words("V5", "V5")
    assert where(5, None, None) == Words("第 5 行", "row 5")
    assert where(None, None, None) == Words("", "")


def test_what_a_merchant_typed_cannot_break_a_message() -> None:
    """Braces, line breaks and endless texts of a cell stand in the message as text, on one line, shortened."""
    issue = issue_at(Problem(codes.NOT_CHOICE, {"choices": "A"}), row=1, column="A", label="{x}", value="{where}\n" + "长" * 500)
    assert "「{where} 长" in issue.message.zh
    assert "\n" not in issue.message.zh
    assert len(issue.message.zh) < 120
    assert len(shorten("x" * 100, 10)) == 10
