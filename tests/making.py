"""Makers that several tests share: a template of three levels, sheets of it and of the real one, drafts and batches."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal as Exact
from typing import Any

from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.core.field import Field
from bulkorders.core.group import Orders, group
from bulkorders.core.issue import Issue
from bulkorders.core.kinds import Date, Decimal, Flag, Integer, Kind, Text
from bulkorders.core.order import Place
from bulkorders.core.table import Merge, Table, make_table
from bulkorders.core.template import Template
from bulkorders.journal.batches import add_draft, release
from bulkorders.journal.journal import Journal
from bulkorders.journal.records import Draft, NewBatch
from bulkorders.providers.lingxing.fields import MCF_ORDERS

NOW = dt.datetime(2025, 4, 9, 6, 30, 45, tzinfo=dt.UTC)
GATE = "lingxing|openapi.lingxing.com|ak_testAppId0001|/order/amzod/api/createOrder"

CARTONS = Template(
    "cartons",
    title="装箱货件",
    unit="货件",
    display="package",
    fields=(
        Field("shop", "仓库代码", Text(identifier=True), "Shop", key=True, example="ONT8"),
        Field("package", "包裹ID", Text(identifier=True), "PackageId", key=True, example="示例P1"),
        Field("insured", "是否投保", Flag(yes=True, no=False), "Insured", required=False, example="否"),
        Field("day", "发货日期", Date(), "Day", required=False, example="2025-04-09"),
        Field("remark", "备注", Text(), "Remark", required=False, example="示例"),
        Field("carton", "箱号", Text(identifier=True), "Boxes[].No", key=True, example="1"),
        Field("weight", "箱重(kg)", Decimal(), "Boxes[].Weight", unit="kg", example="12.5"),
        Field("length", "箱长(cm)", Decimal(), "Boxes[].Length", required=False, unit="cm", example="40"),
        Field("sku", "SKU", Text(identifier=True), "Boxes[].Goods[].Sku", example="SKU-1"),
        Field("quantity", "数量", Integer(minimum=1), "Boxes[].Goods[].Quantity", aliases=("件数",), example="2"),
        Field("worth", "申报单价(USD)", Decimal(), "Boxes[].Goods[].Worth", required=False, unit="USD", example="1.5"),
        Field("net", "单件重量(kg)", Decimal(), "Boxes[].Goods[].Weight", required=False, unit="kg", example="0.2"),
        Field("size", "包装尺寸(cm)", Text(), "Boxes[].Goods[].Size", required=False, unit="cm", example="10*5*2"),
    ),
)
"""Order, carton with a key, SKU without one; weights in kg, lengths in cm, worth in USD."""


def carton_row(**changed: Any) -> dict[str, Any]:
    """A valid row of CARTONS by field name."""
    row = {"shop": "ONT8", "package": "P1", "carton": "1", "weight": 12.5, "sku": "SKU-1", "quantity": 2}
    return {**row, **changed}


def mcf_row(**changed: Any) -> dict[str, Any]:
    """A valid row of the template lingxing-mcf by field name: the example with a real order number."""
    row = {field.name: field.example for field in MCF_ORDERS.fields}
    return {**row, "order_id": "A1", "msku": "M1", **changed}


def sheet(
    template: Template,
    rows: Iterable[Mapping[str, Any]],
    *,
    labels: Mapping[str, str] | None = None,
    fields: Sequence[str] | None = None,
    above: Sequence[Sequence[Any]] = (),
    between: Sequence[Sequence[Any]] = (),
    name: str = "Sheet1",
    merges: Sequence[Merge] = (),
    hidden: bool = False,
) -> Table:
    """A sheet: rows `above`, the header (of `fields`, some `labels` changed), rows `between`, then data by field name."""
    names = list(fields) if fields is not None else [field.name for field in template.fields]
    header = [(labels or {}).get(each, template[each].label) for each in names]
    data = [[row.get(each) for each in names] for row in rows]
    everything = [*above, header, *between, *data]
    width = max(map(len, everything))
    return make_table(name, [[*row, *[None] * (width - len(row))] for row in everything], merges, hidden)


def column_of(template: Template, field: str) -> int:
    """Excel's number of a field's column in `sheet`."""
    return [each.name for each in template.fields].index(field) + 1


def read(template: Template, *tables: Table) -> Checked:
    """The sheets as read by a template; a refused file fails the test with its reason."""
    checked = examine(template, *tables)
    assert checked.refused is None, checked.refused.message.zh
    return checked


def examine(template: Template, *tables: Table) -> Checked:
    """The sheets as read by a template, refused or not."""
    (checked,) = check(tables, [template])
    return checked


def orders_of(template: Template, *tables: Table) -> Orders:
    """The sheets' orders."""
    return group(template, read(template, *tables))


def found(issues: Iterable[Issue], *, notes: bool = False) -> list[tuple[str, str | None]]:
    """Code and cell (`B3`, or `3` for a whole row) of each issue, in order; notes only where asked for."""
    return [(issue.code, cell(issue)) for issue in issues if notes or issue.severity != "note"]


def cell(issue: Issue) -> str | None:
    """Where an issue is, as Excel says it."""
    return f"{issue.column or ''}{issue.row}" if issue.row is not None else None


def cell_codes(kind: Kind, raw: Any) -> list[str]:
    """The names of all that there is to say about a cell: what parsing finds, else what constraints find."""
    reading = kind.parse(raw)
    if reading.problems or reading.value is None:
        return [problem.code.name for problem in reading.problems]
    return [constraint.code.name for constraint in kind.constraints() if not constraint.holds(reading.value)]


def mcf_issues(*rows: Mapping[str, Any], notes: bool = False) -> list[tuple[str, str | None]]:
    """Code and field of each issue of rows of lingxing-mcf."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, rows))
    return [(issue.code, issue.field) for issue in orders.issues if notes or issue.severity != "note"]


def draft(number: str = "A1", content: str = "one", *, gate: str | None = GATE, **changed: Any) -> Draft:
    """An order on its way into the journal: `number` makes its identity, `content` its payload and fingerprint."""
    values: dict[str, Any] = {
        "display": number, "key": {"订单号": number}, "places": [Place("Sheet1", 2)], "account": "main", "gate": gate,
        "identity": f"id-{number}", "fingerprint": f"1:{content}", "payload": f'{{"content":"{content}"}}'.encode(),
    }  # fmt: skip
    return Draft(**{**values, **changed})


def new_batch(name: str, *drafts: Draft, issues: Sequence[tuple[int | None, Issue]] = ()) -> NewBatch:
    """A workbook of some drafts."""
    rows = {"read": len(drafts), "blank": 0, "valid": len(drafts), "invalid": 0}
    return NewBatch(name, f"{name}.xlsx", "0" * 64, "lingxing-mcf", False, rows, {}, drafts, issues)


def submit(journal: Journal, name: str, *drafts: Draft, now: dt.datetime = NOW) -> None:
    """Writes a batch down and releases it."""
    add_draft(journal, new_batch(name, *drafts), now)
    release(journal, [name], now)


def exactly(text: str) -> Exact:
    """A decimal by its text."""
    return Exact(text)
