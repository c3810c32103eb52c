"""Whatever a merchant writes into a sheet, by whatever program and in whatever order of columns, is what goes out."""

import csv
import datetime as dt
import json
import tempfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from foreign import ITEM_FIELDS, LABELS, ORDER_FIELDS
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from bulkorders.core.check import check
from bulkorders.core.group import group
from bulkorders.core.payload import build
from bulkorders.core.refusal import Refusal
from bulkorders.providers.lingxing import PROVIDER
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.workbook.read import read_tables

Cells = dict[str, Any]
OPTIONAL = {
    "是否使用无品牌包装箱", "是否阻止亚马逊物流", "地址2", "电话号码", "装箱单-装箱单备注", "配送操作", "配送服务", "订单备注",
    "申报价值", "申报货币",
}  # fmt: skip
WORDS = st.text(st.sampled_from("abcXYZ019éßøŁ中文乱龘鿕‘’“”\"'<>&;=+-@#%*/\\|~^,.:！？（）😀"), min_size=1, max_size=6)
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join).map(lambda text: text.replace("#", "N", 1) if text.startswith("#") else text)
NAMES = st.text(st.sampled_from("ABCxyz0123456789-_.#/"), max_size=12).map("K".__add__)
NUMBERS = st.integers(1, 10**14 - 1).map(str)
PADDED = st.from_regex("0[0-9]{3,9}", fullmatch=True)
AMOUNTS = st.decimals(min_value="0.01", max_value="99999999", places=2) | st.integers(0, 10**6).map(Decimal)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31))
TIMES = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2099, 12, 31)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001  # cells have no zone


def choice(draw: DrawFn, options: Mapping[Any, Any]) -> tuple[Any, Any]:
    """One way of writing a value, and the value."""
    written = draw(st.sampled_from(list(options)))
    return written, options[written]


def twice(text: str) -> tuple[str, str]:
    """A text that is written as it goes out."""
    return text, text


@st.composite
def identifiers(draw: DrawFn) -> tuple[Any, str]:
    """A cell with an identifier: text, a number as text, a number; and its text."""
    text = draw(NAMES | NUMBERS | PADDED)
    as_number = text.isdigit() and not text.startswith("0") and draw(st.booleans())
    return (int(text) if as_number else draw(st.sampled_from(["", " ", "\t", "\u3000"])) + text), text


@st.composite
def dates(draw: DrawFn) -> tuple[Any, str]:
    """A cell with a date or a time: a real one, or text; and how it goes out."""
    if draw(st.booleans()):
        at = draw(TIMES)
        seconds = at.isoformat() if at.time() != dt.time() else at.date().isoformat()
        return draw(st.sampled_from([at, at.isoformat(" ")])), seconds
    day = draw(DAYS)
    spoken = f"{day.year}年{day.month}月{day.day}日"
    return draw(st.sampled_from([day, day.isoformat(), f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", spoken])), day.isoformat()


FLAG = {"是": "是", "否": "否", "Y": "是", "no": "否", True: "是", False: "否"}


@st.composite
def orders(draw: DrawFn, number: int) -> tuple[list[Cells], Cells]:
    """An order as rows of cells by label, and the payload that it must become."""
    head: dict[str, tuple[Any, Any]] = {
        "店铺名": (f"8speed-{number}",) * 2, "店铺国家": choice(draw, {"美国": "美国", "德国": "德国"}),
        "收货地址国家/地区": choice(draw, {"DE": "DE", "gb": "GB", "ＦＲ": "FR"}), "装箱单-订单日期": draw(dates()),
        "买家邮箱": (f"a.b+{number}@例子.com",) * 2,
    }  # fmt: skip
    written, shown = draw(identifiers())
    if isinstance(written, str) and draw(st.booleans()):
        written = full_width(written)
    head["订单号"] = (written, shown) if not isinstance(written, int) else (written * 10 + number, f"{shown}{number}")
    if not isinstance(written, int):
        head["订单号"] = (f"{written}{number}", f"{shown}{number}")
    head.update({label: draw(identifiers()) for label in ("邮编", "装箱单-订单号")})
    head.update({label: (text, text) for label in ("收件人", "地区", "城市", "地址1") for text in [draw(TEXTS)]})
    optional: dict[str, Callable[[], tuple[Any, Any]]] = {
        "是否使用无品牌包装箱": lambda: choice(draw, FLAG), "是否阻止亚马逊物流": lambda: choice(draw, FLAG),
        "配送操作": lambda: choice(draw, {"立即配送": "立即配送", " 保留订单 ": "保留订单"}), "配送服务": lambda: twice("优先配送"),
        "地址2": lambda: twice(draw(TEXTS)), "装箱单-装箱单备注": lambda: twice(draw(TEXTS)), "订单备注": lambda: twice(draw(TEXTS)),
        "电话号码": lambda: draw(identifiers()),
    }  # fmt: skip
    head.update({label: make() for label, make in optional.items() if draw(st.booleans())})
    rows, items = [], []
    for position in range(draw(st.integers(1, 3))):
        item = {"MSKU": draw(identifiers()), "发货量": draw(quantities())}
        if draw(st.booleans()):
            item |= {"申报价值": draw(amounts()), "申报货币": choice(draw, {"USD": "USD", "eur": "EUR"})}
        keys = {"订单号": head["订单号"]} if position and draw(st.booleans()) else head
        rows.append({label: written for label, (written, _) in (keys | item).items()})
        items.append({ITEM_FIELDS[label]: value for label, (_, value) in item.items()})
    return rows, {**{ORDER_FIELDS[label]: value for label, (_, value) in head.items()}, "item_list": items}


@st.composite
def quantities(draw: DrawFn) -> tuple[Any, int]:
    """A cell with a count."""
    count = draw(st.integers(1, 80))
    return draw(st.sampled_from([count, float(count), str(count), f" {count} ", f"{count}.0", full_width(str(count)), f"'{count}"])), count


@st.composite
def amounts(draw: DrawFn) -> tuple[Any, Decimal]:
    """A cell with an amount: the double that is nearest, or text."""
    amount = draw(AMOUNTS)
    return draw(st.sampled_from([float(amount), str(amount), f"{amount:,}"])), amount


def full_width(text: str) -> str:
    """Digits and Latin letters as a Chinese keyboard may write them."""
    return "".join(chr(ord(each) + 0xFEE0) if each.isascii() and each.isalnum() else each for each in text)


NOISE: tuple[Callable[[str], str], ...] = (
    str, lambda label: f"{label}*", lambda label: f"＊{label}", lambda label: f" {label}\u3000", lambda label: f"{label}（必填）",
    lambda label: f"{label}：", lambda label: f"{label[:1]}\n{label[1:]}", lambda label: f"{label} [选填]", full_width, str.lower,
)  # fmt: skip
"""What merchants do to a heading."""


@st.composite
def headings(draw: DrawFn, labels: list[str]) -> list[str]:
    """The labels as some merchant has them in his sheet."""
    return [draw(st.sampled_from(NOISE))(label) for label in labels]


@st.composite
def sheets(draw: DrawFn) -> tuple[list[str], list[Cells], list[Cells]]:
    """The labels of a sheet in some order, its rows, and the payloads that they must become."""
    drawn = [draw(orders(number)) for number in range(draw(st.integers(1, 4)))]
    rows = [row for each, _ in drawn for row in each]
    used = {label for row in rows for label in row}
    labels = [label for label in LABELS if label in used or label not in OPTIONAL or draw(st.booleans())]
    return draw(st.permutations([*labels, "内部备注"])), rows, [payload for _, payload in drawn]


def write_openpyxl(path: Path, labels: list[str], rows: list[Cells], headings: list[str]) -> None:
    """The workbook as openpyxl writes it."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate([dict(zip(labels, headings, strict=True)), *rows], 1):
        for column, label in enumerate(labels, 1):
            cell = sheet.cell(number, column, row.get(label))
            if isinstance(cell.value, str):
                cell.data_type = "s"
    book.save(path)


def write_xlsxwriter(path: Path, labels: list[str], rows: list[Cells], headings: list[str]) -> None:
    """The workbook as xlsxwriter writes it."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy/m/d h:mm"})
    sheet = book.add_worksheet("订单")
    for number, row in enumerate([dict(zip(labels, headings, strict=True)), *rows]):
        for column, label in enumerate(labels):
            value = row.get(label)
            if isinstance(value, str):
                sheet.write_string(number, column, value)
            elif value is not None:
                sheet.write(number, column, value)
    book.close()


def as_text(value: Any) -> str:
    """A cell as a text file has it."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case dt.datetime():
            return value.isoformat(" ")
        case _:
            return str(value)


def csv_writer(encoding: str, delimiter: str, end: str) -> Callable[[Path, list[str], list[Cells], list[str]], None]:
    """Writes a text file in some encoding, as Excel, WPS and other systems do."""

    def write(path: Path, labels: list[str], rows: list[Cells], headings: list[str]) -> None:
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
            writer.writerow(headings)
            writer.writerows([as_text(row.get(label)) for label in labels] for row in rows)

    return write


WRITERS = {
    "openpyxl": write_openpyxl, "xlsxwriter": write_xlsxwriter, "csv in UTF-8": csv_writer("utf-8", ",", "\r\n"),
    "csv in UTF-8 with a mark": csv_writer("utf-8-sig", ";", "\n"), "csv in GB18030": csv_writer("gb18030", ",", "\r\n"),
    "tabs in UTF-16": csv_writer("utf-16", "\t", "\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@settings(max_examples=25)
@given(sheet=sheets(), data=st.data())
def test_a_sheet_becomes_its_payloads(write: Any, sheet: tuple[list[str], list[Cells], list[Cells]], data: st.DataObject) -> None:
    """Random orders, written and read back: equal payloads in the sheet's order, no order lost and none invented."""
    labels, rows, expected = sheet
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.xlsx"
        write(path, labels, rows, data.draw(headings(labels)))
        tables = read_tables(path)
    assert not isinstance(tables, Refusal)
    (checked,) = check(tables, [MCF_ORDERS])
    assert checked.refused is None
    found = group(MCF_ORDERS, checked)
    assert [issue.message.zh for issue in found.issues if issue.is_error] == []
    sent = [json.loads(PROVIDER.encode(build(order)), parse_float=Decimal) for order in found.orders]
    assert sent == expected
