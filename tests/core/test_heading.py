"""Headers of two rows: the upper one groups columns, or holds what is merged over both."""

from collections.abc import Sequence
from typing import Any

import pytest
from making import CARTONS, carton_row, mcf_row

from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.core.table import Merge, make_table
from bulkorders.core.template import Template
from bulkorders.providers.lingxing.fields import MCF_ORDERS

PACKING = ["order_id_for_packing", "date_for_packing", "remark_for_packing"]
NAMES = [field.name for field in MCF_ORDERS.fields if field.name not in PACKING] + PACKING
LEFT = len(NAMES) - len(PACKING)
ROW = [mcf_row()[name] for name in NAMES]


def examine(template: Template, rows: Sequence[Sequence[Any]], merges: Sequence[Merge]) -> Checked:
    """What is read of these rows."""
    (checked,) = check([make_table("S", rows, merges)], [template])
    return checked


def grouped(lower: list[Any]) -> list[list[Any]]:
    """A sheet whose packing columns stand under a group of their own, the others in the upper row."""
    return [[*(MCF_ORDERS[name].label for name in NAMES[:LEFT]), "装箱单", None, None], lower, ROW]


OVER_BOTH = [Merge(1, number, 2, number) for number in range(1, LEFT + 1)]
GROUP = Merge(1, LEFT + 1, 1, LEFT + 3)


def test_a_group_tells_repeated_names_apart() -> None:
    """订单号 beneath 装箱单 is 装箱单-订单号, and not the order's own; headings merged over both rows stand in the upper one."""
    checked = examine(MCF_ORDERS, grouped([None] * LEFT + ["订单号", "订单日期", "装箱单备注"]), [*OVER_BOTH, GROUP])
    assert checked.refused is None
    assert checked.header_rows == {"S": 2}
    assert [place.row for place in checked.places] == [3]
    assert (checked.columns["order_id"], checked.columns["order_id_for_packing"]) == (["A1"], ["1802"])


def test_a_group_may_stand_above_names_that_are_whole() -> None:
    """The lower row says all, the upper one only groups; a title above both groups nothing."""
    title: list[Any] = ["亚马逊多渠道订单导入", *[None] * (len(NAMES) - 1)]
    upper: list[Any] = ["订单信息", *[None] * (LEFT - 1), "装箱单", None, None]
    rows = [title, upper, [MCF_ORDERS[name].label for name in NAMES], ROW]
    checked = examine(MCF_ORDERS, rows, [Merge(1, 1, 1, len(NAMES)), Merge(2, 1, 2, LEFT), GROUP._replace(top=2, bottom=2)])
    assert checked.refused is None
    assert checked.header_rows == {"S": 3}


@pytest.mark.parametrize(("group", "label"), [("ContainerInfos", "Weight"), ("SkuInfos", "Weight")])
def test_the_apis_own_groups_are_known(group: str, label: str) -> None:
    """What two levels call alike is told apart by the name of its level."""
    from bulkorders.providers.chukou1.fields import TEMPLATES

    (template,) = TEMPLATES
    checked = examine(template, [[group, None], [label, "ShipmentId"], [1, "FBA1"]], [])
    assert checked.refused is not None
    assert checked.refused.best_header is not None
    wanted = {"ContainerInfos": "箱重(kg)", "SkuInfos": "单件重量(kg)"}[group]
    assert wanted in checked.refused.best_header.matched


def test_the_rest_of_a_merged_heading_is_no_data() -> None:
    """Sub-headings that the template does not know lie beneath, and nothing in its own columns."""
    labels = [field.label for field in CARTONS.fields]
    row = [carton_row().get(field.name) for field in CARTONS.fields]
    rows = [[*labels, "内部", None], [*[None] * len(labels), "甲", "乙"], [*row, "x", "y"]]
    merges = [Merge(1, number, 2, number) for number in range(1, len(labels) + 1)]
    checked = examine(CARTONS, rows, [*merges, Merge(1, len(labels) + 1, 1, len(labels) + 2)])
    assert [place.row for place in checked.places] == [3]
    assert [issue.code for issue in checked.issues if issue.row == 2] == []


def test_a_note_that_is_merged_down_the_side_hides_no_order() -> None:
    """A cell beside the header that spans the orders' rows is no part of the header."""
    labels = [field.label for field in CARTONS.fields]
    row = [carton_row().get(field.name) for field in CARTONS.fields]
    checked = examine(CARTONS, [[*labels, "请注意"], [*row, None], [*row, None]], [Merge(1, len(labels) + 1, 3, len(labels) + 1)])
    assert [place.row for place in checked.places] == [2, 3]


def test_a_header_merged_with_its_first_row_hides_no_order() -> None:
    """What stands in the row's other columns is an order."""
    labels = [field.label for field in CARTONS.fields]
    row = [carton_row().get(field.name) for field in CARTONS.fields]
    number = labels.index("备注") + 1
    checked = examine(CARTONS, [labels, row, row], [Merge(1, number, 2, number)])
    assert [place.row for place in checked.places] == [2, 3]
