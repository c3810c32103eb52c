"""Cells corrected before they are sent: checked as if they had been typed into the workbook, sent as corrected, and in the results."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openpyxl
import pytest
from foreign import LABELS, line
from sender import Sender, make_sender  # noqa: F401  # a fixture
from uploader import SHEET, WHO, change, checked, codes, fates, letter, results, sent, uploaded, write_book

from bulkorders.core.correction import Correction
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.batches import release
from bulkorders.journal.corrections import replace_drafts
from bulkorders.journal.kept import kept_path
from bulkorders.journal.records import NewBatch
from bulkorders.journal.views import batches_of_workbook, get_batch
from bulkorders.pipeline.corrections import correct, corrections_of, suggestions
from bulkorders.pipeline.drafts import drop, submit_drafts
from bulkorders.pipeline.keeping import tidy
from bulkorders.pipeline.report import report_batch, report_workbook

QUANTITY, ORDER, POSTCODE, NAME, COUNTRY = map(letter, ("发货量", "订单号", "邮编", "收件人", "收货地址国家/地区"))


def cells(path: Any, sheet: str = SHEET) -> dict[str, Any]:
    """The values of a sheet by place; formulas as their text."""
    return {
        cell.coordinate: cell.value for row in openpyxl.load_workbook(path)[sheet].iter_rows() for cell in row if cell.value is not None
    }


# -- checked again -------------------------------------------------------------------------------------------------------------------
def test_a_corrected_cell_is_checked_again_and_its_order_becomes_good(sender: Sender) -> None:
    """The batch keeps its name; issues and rows are those of the corrected workbook."""
    batch = uploaded(sender, [line("A-1"), line("A-2", 发货量="x", 邮编=None)])
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "invalid"}
    change(sender, batch, **{f"{QUANTITY}3": "3"})
    assert codes(report_batch(sender.app, batch)) == [("required", f"{POSTCODE}3")]
    change(sender, batch, **{f"{POSTCODE}3": "36003"})
    report = report_batch(sender.app, batch)
    assert codes(report) == []
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "unsent"}
    assert report.batch.rows == {"read": 2, "blank": 0, "valid": 2, "invalid": 0}
    assert not report.batch.is_released


def test_a_good_cell_can_be_made_bad_and_good_again(sender: Sender) -> None:
    """The last correction of a cell counts; an empty text empties it."""
    batch = uploaded(sender, [line("A-1")])
    change(sender, batch, **{f"{QUANTITY}2": "-1"})
    assert codes(report_batch(sender.app, batch)) == [("too_small", f"{QUANTITY}2")]
    change(sender, batch, **{f"{QUANTITY}2": ""})
    assert codes(report_batch(sender.app, batch)) == [("required", f"{QUANTITY}2")]
    change(sender, batch, **{f"{QUANTITY}2": "7"})
    assert fates(sender, batch) == {"A-1": "unsent"}
    assert corrections_of(sender.app, batch)[0] == [Correction(SHEET, 2, QUANTITY, "7")]


def test_a_correction_of_the_key_splits_and_joins_orders(sender: Sender) -> None:
    """The whole workbook is checked again: one order becomes two, two become one, and their positions are new."""
    batch = uploaded(sender, [line("A-1"), line("A-1", MSKU="msku-2"), line("A-2")])
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "unsent"}
    change(sender, batch, **{f"{ORDER}3": "A-9"})
    assert list(fates(sender, batch)) == ["A-1", "A-9", "A-2"]
    change(sender, batch, **{f"{ORDER}3": "A-2", f"{letter('装箱单-订单号')}3": "PA-2"})
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "unsent"}
    assert sorted(len(order.places) for order in report_batch(sender.app, batch).orders) == [1, 2]
    assert sent(sender, batch) == {"A-1": "created", "A-2": "created"}
    assert [item["msku"] for item in sender.foreign.payloads()["A-2"]["item_list"]] == ["msku-2", "msku-1"]


def test_a_row_can_be_emptied_and_filled_again(sender: Sender) -> None:
    """The last row, too: it is no order while it is empty."""
    batch = uploaded(sender, [line("A-1"), line("A-2")])
    full = {label: value for label, value in line("A-2").items() if value is not None}
    change(sender, batch, **{f"{letter(label)}3": "" for label in full})
    assert fates(sender, batch) == {"A-1": "unsent"}
    change(sender, batch, **{f"{letter(label)}3": str(value) for label, value in full.items()})
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "unsent"}


def test_a_draft_may_lose_all_its_orders(sender: Sender) -> None:
    """There is nothing to submit then."""
    batch = uploaded(sender, [line("A-1")])
    change(sender, batch, **{f"{letter(label)}2": "" for label in LABELS})
    assert fates(sender, batch) == {}
    assert isinstance(submit_drafts(sender.app, batch, only_good=True), Words)


def test_a_correction_under_a_merged_cell_changes_what_it_shows(sender: Sender) -> None:
    """As in Excel: the merged cell's own text, for all its rows, and in the results it stands in the cell that shows."""
    path = write_book(sender.folder / "x1.xlsx", [line("A-1"), line(None, MSKU="msku-2"), line("A-2")])
    book = openpyxl.load_workbook(path)
    book[SHEET].merge_cells(f"{ORDER}2:{ORDER}3")
    book.save(path)
    (batch,) = checked(sender, path).batches
    change(sender, batch, **{f"{ORDER}3": "A-7"})
    assert list(fates(sender, batch)) == ["A-7", "A-2"]
    assert corrections_of(sender.app, batch)[0] == [Correction(SHEET, 2, ORDER, "A-7")]
    assert cells(results(sender, batch)[0])[f"{ORDER}2"] == "A-7"


def test_a_correction_under_a_cell_merged_sideways_is_refused(sender: Sender) -> None:
    """It would not be seen there: the sentence names the cell that shows."""
    path = write_book(sender.folder / "x1.xlsx", [line("A-1"), line("A-2")])
    book = openpyxl.load_workbook(path)
    left, right = letter("地区"), letter("城市")
    book[SHEET].merge_cells(f"{left}3:{right}3")
    book.save(path)
    (batch,) = checked(sender, path).batches
    with pytest.raises(UsageError, match=f"{right}3 被合并单元格 {left}3:{right}3 盖住.*请改 {left}3"):
        change(sender, batch, **{f"{right}3": "x"})
    assert corrections_of(sender.app, batch)[0] == []


# -- what may be corrected -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Correction("other", 2, "A", "x"), "没有读取这张工作表"), (Correction(SHEET, 1, "A", "x"), "第 2 到 3 行"),
        (Correction(SHEET, 4, "A", "x"), "第 2 到 3 行"), (Correction(SHEET, 0, "A", "x"), "第 2 到 3 行"),
        (Correction(SHEET, 2, "XFD", "x"), "模板里有的列"), (Correction(SHEET, 2, "a", "x"), "模板里有的列"),
        (Correction(SHEET, 2, "", "x"), "模板里有的列"), (Correction(SHEET, 2, "A", "x" * 32_768), "太长"),
        (Correction(SHEET, 2, "A", "😀" * 16_384), "太长"),
    ],
)  # fmt: skip
def test_only_cells_that_are_read_can_be_corrected(sender: Sender, found: Correction, said: str) -> None:
    """All or none of a request: nothing is written down."""
    batch = uploaded(sender, [line("A-1"), line("A-2")])
    with pytest.raises(UsageError, match=said):
        correct(sender.app, batch, [Correction(SHEET, 2, QUANTITY, "5"), found], WHO)
    assert corrections_of(sender.app, batch)[0] == []


def test_a_sheets_own_other_columns_and_ours_are_not_corrected(sender: Sender) -> None:
    """A column that is no field, and those of an earlier results workbook."""
    batch = uploaded(sender, [{**line("A-1"), "我的备注": "x", "提交状态": "已创建"}], [*LABELS, "我的备注", "提交状态"])
    for label in ("我的备注", "提交状态"):
        place = letter(label, [*LABELS, "我的备注", "提交状态"])
        with pytest.raises(UsageError, match="模板里有的列"):
            change(sender, batch, **{f"{place}2": "y"})


def test_a_batch_that_was_submitted_is_not_changed(sender: Sender) -> None:
    """Neither before nor in the transaction: what was sent stays what it was."""
    batch = uploaded(sender, [line("A-1")])
    sent(sender, batch)
    before = report_batch(sender.app, batch)
    with pytest.raises(UsageError, match="已经提交过了"):
        change(sender, batch, **{f"{QUANTITY}2": "9"})
    assert report_batch(sender.app, batch) == before


def test_who_submits_while_a_correction_is_checked_sends_what_he_saw(sender: Sender) -> None:
    """The draft was released between the check and its transaction: that refuses, and nothing of the batch changes."""
    batch = uploaded(sender, [line("A-1")])
    found = get_batch(sender.app.journal, batch)
    anew = NewBatch(batch, found.file, found.content_hash, found.template, False, found.rows, found.sheets, [], [])
    release(sender.app.journal, [batch], sender.clock.now())
    added = {batch: [Correction(SHEET, 2, QUANTITY, "9")]}
    with pytest.raises(UsageError, match="刚刚已经提交"):
        replace_drafts(sender.app.journal, [anew], added, 0, WHO, sender.clock.now())
    assert fates(sender, batch) == {"A-1": "unsent"}
    assert corrections_of(sender.app, batch)[0] == []
    with pytest.raises(UsageError, match="草稿已经删除"):
        replace_drafts(sender.app.journal, [NewBatch("gone", "", "", "", False, {}, {}, [], [])], {}, 0, WHO, sender.clock.now())


def test_of_two_corrections_at_once_both_are_kept(sender: Sender) -> None:
    """Nobody's is lost, though each check takes its time."""
    rows = [line(f"A-{number}", 发货量="x") for number in range(6)]
    batch = uploaded(sender, rows)
    start = threading.Barrier(len(rows))

    def one(number: int) -> None:
        start.wait()
        change(sender, batch, **{f"{QUANTITY}{number + 2}": "1"})

    with ThreadPoolExecutor(len(rows)) as pool:
        list(pool.map(one, range(len(rows))))
    assert set(fates(sender, batch).values()) == {"unsent"}
    assert len(corrections_of(sender.app, batch)[0]) == len(rows)


_IN_A_PROCESS = """
import sys, json
sys.path[:0] = json.loads(sys.argv[1])
from uploader import WHO
from bulkorders.core.correction import Correction
from bulkorders.pipeline.app import App
from bulkorders.pipeline.corrections import correct
from bulkorders.settings import Settings
app = App(Settings(**json.loads(sys.argv[2])))
correct(app, sys.argv[3], [Correction("Sheet", int(sys.argv[4]), sys.argv[5], "1")], WHO)
app.close()
"""


def test_of_corrections_in_several_processes_all_are_kept(sender: Sender) -> None:
    """Whoever did not know of another's checks again with both."""
    batch = uploaded(sender, [line(f"A-{number}", 发货量="x") for number in range(3)])
    settings = json.dumps({"journal": sender.app.settings.journal, "accounts": sender.app.settings.accounts})
    command = [sys.executable, "-c", _IN_A_PROCESS, json.dumps(sys.path), settings, batch]
    processes = [subprocess.Popen([*command, str(row), QUANTITY]) for row in (2, 3, 4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert set(fates(sender, batch).values()) == {"unsent"}


def test_a_check_that_did_not_know_of_a_correction_writes_nothing(sender: Sender) -> None:
    """The transaction compares what the check knew with what there is."""
    batch = uploaded(sender, [line("A-1"), line("A-2")])
    change(sender, batch, **{f"{QUANTITY}2": "5"})
    found = get_batch(sender.app.journal, batch)
    anew = NewBatch(batch, found.file, found.content_hash, found.template, False, found.rows, found.sheets, [], [])
    assert not replace_drafts(sender.app.journal, [anew], {batch: []}, 0, WHO, sender.clock.now())
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "unsent"}


def test_the_account_that_was_named_at_the_upload_still_counts(sender: Sender) -> None:
    """Two accounts fit, one was named: corrected orders go to that one."""
    table = dict(sender.app.settings.accounts["main"])
    sender.close()
    sender.app = sender._app()
    sender.app.settings.accounts["other"] = {**table, "app_id": "ak_other00000000"}
    (batch,) = checked(sender, write_book(sender.folder / "x1.xlsx", [line("A-1", 发货量="x")]), account="main").batches
    change(sender, batch, **{f"{QUANTITY}2": "2"})
    assert [order.account for order in report_batch(sender.app, batch).orders] == ["main"]


# -- sent, and in the results --------------------------------------------------------------------------------------------------------
def test_the_corrected_values_are_sent_and_the_results_sent_in_again_are_skipped(sender: Sender) -> None:
    """The loop: payload and fingerprint are of the corrected values, and the results workbook says the same to whoever reads it."""
    batch = uploaded(sender, [line("A-1", 发货量="x", 收件人="坏名"), line("A-2"), line("A-3", 邮编="36003")])
    change(sender, batch, **{f"{QUANTITY}2": "1,200", f"{NAME}2": '=HYPERLINK("x")', f"{POSTCODE}4": "00501", f"{COUNTRY}3": "ｕs"})
    assert sent(sender, batch) == {"A-1": "created", "A-2": "created", "A-3": "created"}
    payloads = sender.foreign.payloads()
    assert payloads["A-1"]["item_list"][0]["quantity_shipped"] == 1200
    assert '=HYPERLINK("x")' in payloads["A-1"].values()
    path, way = results(sender, batch)
    assert way == "patched"
    found = cells(path)
    assert (found[f"{QUANTITY}2"], found[f"{NAME}2"], found[f"{POSTCODE}4"]) == (1200, '=HYPERLINK("x")', "00501")
    assert openpyxl.load_workbook(path)[SHEET][f"{NAME}2"].data_type == "s"
    assert "在网页上改过的格子" in str(list(openpyxl.load_workbook(path)["汇总"].values))
    (again,) = checked(sender, path).batches
    assert sent(sender, again) == {"A-1": "skipped", "A-2": "skipped", "A-3": "skipped"}


def test_corrections_are_forgotten_with_the_file(sender: Sender) -> None:
    """When their time is over, and with a draft that is dropped."""
    batch = uploaded(sender, [line("A-1")])
    change(sender, batch, **{f"{NAME}2": "Canary"})
    sent(sender, batch)
    sender.clock.sleep(100 * 24 * 3600)
    tidy(sender.app)
    assert corrections_of(sender.app, batch)[0] == []
    assert not kept_path(sender.app.journal, get_batch(sender.app.journal, batch).content_hash).exists()
    path, _ = results(sender, batch)
    assert "Canary" not in str(cells(path, "亚马逊多渠道订单"))
    other = uploaded(sender, [line("A-2")])
    change(sender, other, **{f"{NAME}2": "Canary"})
    drop(sender.app, other)
    with sender.app.journal.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM corrections").scalar() == 0


# -- two templates -------------------------------------------------------------------------------------------------------------------
def two_templates(sender: Sender) -> list[str]:
    """The drafts of a workbook with a sheet of each template, the carton's first."""
    path = write_book(sender.folder / "x1.xlsx", [line("A-1", 发货量="x")])
    book = openpyxl.load_workbook(path)
    source = openpyxl.load_workbook("sample_data/chukou1-fba/orders.xlsx").worksheets[0]
    copy = book.create_sheet("货件")
    for row in source.iter_rows(values_only=True):
        copy.append(row)
    book.save(path)
    upload = checked(sender, path)
    assert upload.state == "checked", upload
    return sorted(upload.batches, key=lambda name: get_batch(sender.app.journal, name).template)


def test_both_drafts_of_a_workbook_are_checked_again(sender: Sender) -> None:
    """A correction given to either lands in the one whose sheet it is; both keep their names, and go out together."""
    accounts = sender.app.settings.accounts
    accounts["ck1"] = {"provider": "chukou1", "token": "canary-access", "base_url": sender.url}
    cartons, orders = two_templates(sender)
    change(sender, cartons, **{f"{QUANTITY}2": "4"})
    assert fates(sender, orders) == {"A-1": "unsent"}
    assert report_batch(sender.app, cartons).corrections == []
    assert len(report_batch(sender.app, orders).corrections) == 1
    assert corrections_of(sender.app, cartons)[0] == corrections_of(sender.app, orders)[0]
    assert sorted(batches_of_workbook(sender.app.journal, get_batch(sender.app.journal, orders))) == sorted([cartons, orders])
    names = submit_drafts(sender.app, cartons, only_good=True)
    assert not isinstance(names, Words)
    assert sorted(names) == sorted([cartons, orders])
    assert len(report_workbook(sender.app, report_batch(sender.app, orders))) == 2


# -- suggestions ---------------------------------------------------------------------------------------------------------------------
def test_sure_corrections_are_proposed_and_make_the_orders_good(sender: Sender) -> None:
    """What the check knows for certain: a number with its counting word, a country by its name, a code made a number; nothing else."""
    batch = uploaded(sender, [
        line("A-1", 发货量="3件"), line("A-2", **{"收货地址国家/地区": "美国"}), line("A-3", 邮编="36003.0"), line("A-4", 发货量="许多"),
        line("A-5", 发货量="0件"),
    ])  # fmt: skip
    found = suggestions(sender.app, batch)
    assert [(each.row, each.column, each.text) for each in found] == [
        (2, QUANTITY, "3"), (3, COUNTRY, "US"), (4, POSTCODE, "36003"),
    ]  # fmt: skip
    assert all(each.text in each.message.zh for each in found)
    correct(sender.app, batch, found, WHO)
    assert fates(sender, batch) == {"A-1": "unsent", "A-2": "unsent", "A-3": "unsent", "A-4": "invalid", "A-5": "invalid"}
    assert suggestions(sender.app, batch) == []
