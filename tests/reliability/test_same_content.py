"""The same orders again, whatever the file is called and whoever saved it: what is there is not sent again, what is new goes out alone."""

import shutil
from pathlib import Path

import openpyxl
from stage import at_each_remote, stage
from stage_books import names, write_book

from bulkorders.core.provider import Provider
from bulkorders.pipeline.ingest import Checkup, check_file

ORDERS = 8


def read_one(book: Path) -> Checkup:
    """What the program reads in a workbook."""
    (checkup,) = check_file(book)
    return checkup


@at_each_remote
def test_only_what_is_new_is_sent(provider: Provider, tmp_path: Path) -> None:
    """F20: a copy under another name and the workbook saved again by another program: 0 creates; with one row more: exactly 1."""
    (template,) = provider.templates
    book = write_book(template, tmp_path / "orders.xlsx", names(ORDERS))
    copy = Path(shutil.copy(book, tmp_path / "副本 orders (2).xlsx"))
    saved = openpyxl.load_workbook(book)
    saved.save(tmp_path / "saved.xlsx")
    saved.worksheets[0].append(
        [cell if cell != names(ORDERS)[-1] else "NEW-1" for cell in next(saved.worksheets[0].iter_rows(ORDERS + 1, values_only=True))]
    )
    saved.save(tmp_path / "longer.xlsx")

    with stage(provider, tmp_path) as at:
        ran = [at.submit(read_one(each)) for each in (book, copy, tmp_path / "saved.xlsx", tmp_path / "longer.xlsx")]
        creates = [len(each.creates) for each in ran]
        print(f"F20 {provider.name}: creates {creates}")
        assert creates == [ORDERS, 0, 0, 1]
        assert [each.code for each in ran] == [0, 0, 0, 0]
        assert [each.statuses for each in ran[:3]] == [{"created"}, {"skipped"}, {"skipped"}]
        assert ran[3].orders["NEW-1"].status == "created"
        assert len(at.witness.ledger) == ORDERS + 1
