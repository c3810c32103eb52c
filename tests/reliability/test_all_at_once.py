"""All kinds of faults at a low rate, in one run with orders that are wrong and orders that are refused: the results tell the truth."""

from pathlib import Path

import openpyxl
import pytest
import stamina
from ledger import assert_a_rerun_sends_nothing, check, held_by, measure
from stage import Stage, at_each_remote, in_two_sizes, stage
from stage_books import names, write_book

from bulkorders.core.provider import Provider

TWINS = ("cut_before", "cut_headers", "cut_after_headers", "cut_body", "http_5xx", "html", "cut_json", "wrong_charset")
FAULTS = (*TWINS, *(f"{name}_accepted" for name in TWINS), "http_429", "http_429_retry_after", "hidden", "rotate_token")
SHARE = 0.01
REFUSED: dict[str, dict[str, object]] = {"lingxing": {"msku": "NOSUCH-1"}, "chukou1": {"service_code": "NOSUCH"}}
"""What the remote does not take."""
INVALID: dict[str, dict[str, object]] = {"lingxing": {"quantity_shipped": "some"}, "chukou1": {"quantity": "some"}}
MOST_RESUMES = 10
WORDS = {"created": "已创建", "rejected": "被拒绝", "invalid": "数据有误"}


@at_each_remote
@in_two_sizes
def test_the_results_say_what_the_ledger_says(provider: Provider, orders: int, tmp_path: Path) -> None:
    """I1 to I7: whatever goes wrong, in the end each order is there once or told with its reason, in the workbook as in the ledger."""
    (template,) = provider.templates
    wanted = names(orders)
    refused, invalid = wanted[6::12], wanted[9::20]
    changed = {**dict.fromkeys(refused, REFUSED[provider.name]), **dict.fromkeys(invalid, INVALID[provider.name])}
    book = write_book(template, tmp_path / "orders.xlsx", wanted, changed)
    with stage(provider, tmp_path) as at, stamina.set_testing(True, attempts=3, cap=True):
        for number, fault in enumerate(FAULTS):
            at.fault(fault, path="", share=SHARE, seed=number)
        for number, seconds in enumerate((5, 60, 115)):
            at.fault("late_commit", share=SHARE, delay=seconds, seed=number)
        at.submit_file(book)
        finish(at)
        at.end_faults()
        check(at, wanted)
        assert shown(at) == {
            order: WORDS["invalid" if order in invalid else "rejected" if order in refused else "created"] for order in wanted
        }
        assert set(held_by(at)) == set(wanted) - set(refused) - set(invalid)
        measure(at, orders).tell(f"all at once {provider.name}")
        assert_a_rerun_sends_nothing(at, at.submit_file(book))


def finish(at: Stage) -> None:
    """`resume` until nothing is unfinished; with so many faults an account may be stopped now and then."""
    for _ in range(MOST_RESUMES):
        if at.resume().code != 5:
            return
    pytest.fail("unfinished")


def shown(at: Stage) -> dict[str, str]:
    """What the results workbook says of each order."""
    (template,) = at.provider.templates
    heading, *rows = openpyxl.load_workbook(at.folder / "orders_结果.xlsx")["Sheet"].iter_rows(values_only=True)
    number, status = (heading.index(label) for label in (template[template.display].label, "提交状态"))
    return {str(row[number]): str(row[status]) for row in rows}
