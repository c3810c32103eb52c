"""Properties of three levels on the real template of FBA shipments: rows, cartons and shipments say the same, however they are laid out."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from making import column_of, orders_of, sheet

from bulkorders.core.cell import column_letter
from bulkorders.core.group import Orders
from bulkorders.core.payload import build, encode, fingerprint
from bulkorders.providers.chukou1.fields import CARTONS, FBA_ORDERS

Row = dict[str, Any]
FIELDS = {field.name: field for field in FBA_ORDERS.fields}
KEYS = ("package_id", "container_no")
LISTS = ("ContainerInfos", "SkuInfos")
CODES = st.text(st.sampled_from("ABC129-_"), min_size=1, max_size=6)
WORDS = st.text(st.sampled_from("abcXYZ019 -箱货$é=+@"), min_size=1, max_size=8).filter(lambda text: text == text.strip())


def amounts(places: int, least: str = "0.01", most: int = 9999) -> st.SearchStrategy[Decimal]:
    """Exact amounts of some decimals."""
    return st.decimals(Decimal(least), most, places=places)


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    **{name: WORDS if not field.kind.is_identifier else CODES for name, field in FIELDS.items()},
    "container_weight": amounts(5, "0.00001"), **dict.fromkeys(("container_length", "container_width", "container_height"), amounts(2)),
    "picture": CODES.map("https://example.com/".__add__), "charged": st.sampled_from(["是", "否"]),
    "quantity": st.integers(1, 10**6), "declare_value": amounts(2, "0"), "piece_weight": amounts(7, "0.0000001"),
}  # fmt: skip
"""What may be typed into each column, without being in error."""
OF_ORDER = [name for name, field in FIELDS.items() if field.level == "" and name not in KEYS]
OF_CARTON = [name for name, field in FIELDS.items() if field.level == CARTONS and name not in KEYS]
OF_SKU = [name for name, field in FIELDS.items() if field.level not in ("", CARTONS)]


def element(names: Sequence[str]) -> st.SearchStrategy[Row]:
    """The cells of one element of a level: what is required, and some of the rest."""
    required = {name: VALUES[name] for name in names if FIELDS[name].required}
    return st.fixed_dictionaries(required, optional={name: VALUES[name] for name in names if not FIELDS[name].required})


@st.composite
def shipment(draw: st.DrawFn, package: str) -> list[Row]:
    """The rows of a shipment, everything on all of them; its first carton has several."""
    head = {"package_id": package, **draw(element(OF_ORDER))}
    rows = []
    for number, carton in enumerate(draw(st.lists(CODES, min_size=1, max_size=3, unique=True))):
        box = {"container_no": carton, **draw(element(OF_CARTON))}
        rows += [{**head, **box, **sku} for sku in draw(st.lists(element(OF_SKU), min_size=1 if number else 2, max_size=3))]
    return rows


@st.composite
def books(draw: st.DrawFn) -> list[Row]:
    """The rows of some shipments, one after the other."""
    return [row for package in draw(st.lists(CODES, min_size=1, max_size=3, unique=True)) for row in draw(shipment(package))]


def cells(row: Row) -> Row:
    """A row as it is typed into a sheet: decimals as text."""
    return {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in row.items()}


def read_rows(*sheets: Sequence[Row], fields: Sequence[str] | None = None) -> Orders:
    """The orders of rows on one sheet or several."""
    return orders_of(
        FBA_ORDERS,
        *(sheet(FBA_ORDERS, map(cells, rows), fields=fields, name=f"Sheet{number}") for number, rows in enumerate(sheets, 1)),
    )


def flatten(payload: Mapping[str, Any], above: Row | None = None, path: str = "") -> Iterator[Row]:
    """A payload back as rows by path, read off the JSON alone so that it shares nothing with what built it."""
    row = {**(above or {}), **{path + name: value for name, value in payload.items() if name not in LISTS}}
    inner = [name for name in payload if name in LISTS]
    if not inner:
        yield row
    for name in inner:
        for each in payload[name]:
            yield from flatten(each, row, f"{path}{name}[].")


def sent(orders: Orders) -> list[Row]:
    """All payloads as rows, through JSON."""
    return [row for order in orders.valid for row in flatten(json.loads(encode(build(order)), parse_float=Decimal))]


def in_payload(row: Row) -> Row:
    """A typed row by path, as JSON gives it back."""
    return {FIELDS[name].path: value == "是" if name == "charged" else value for name, value in row.items()}


def multiset(rows: Sequence[Row]) -> Counter[frozenset[tuple[str, Any]]]:
    """Rows without their order; 2, 2.0 and 2.00 are equal."""
    return Counter(frozenset(row.items()) for row in rows)


def prints(orders: Orders) -> dict[str, str]:
    """The fingerprints of valid orders by 包裹ID."""
    return {order.display: fingerprint(order) for order in orders.valid}


def test_every_column_has_its_values() -> None:
    """None of the template's 31 columns is left out of these properties."""
    assert {*KEYS, *OF_ORDER, *OF_CARTON, *OF_SKU} == set(VALUES) == set(FIELDS)


@settings(max_examples=20)
@given(books(), st.permutations(list(FIELDS)))
def test_flattened_payloads_are_the_rows_whatever_the_columns_order(rows: list[Row], columns: list[str]) -> None:
    """Property: build and flatten are inverse: the same rows in the same order, value by value."""
    orders = read_rows(rows, fields=columns)
    assert not [issue.message.zh for issue in orders.issues if issue.is_error]
    assert sent(orders) == [in_payload(row) for row in rows]


def thinned(row: Row, below: Sequence[Row], data: st.DataObject) -> Row:
    """A row without some of what stands on a later row of its shipment, or of its carton, too."""
    is_repeated = [any(all(row[key] == other[key] for key in keys) for other in below) for keys in (KEYS[:1], KEYS)]
    may_go = [name for names, repeated in zip((OF_ORDER, OF_CARTON), is_repeated, strict=True) if repeated for name in names]
    gone = data.draw(st.sets(st.sampled_from(may_go))) if may_go else set()
    return {name: value for name, value in row.items() if name not in gone}


@settings(max_examples=20)
@given(books(), st.data())
def test_shuffled_rows_of_a_sheet_with_blanks_are_the_same_shipments(rows: list[Row], data: st.DataObject) -> None:
    """Property: as long as every row has its keys and every content stands once, the rows may stand anywhere and the rest be blank."""
    mixed = data.draw(st.permutations([thinned(row, rows[number + 1 :], data) for number, row in enumerate(rows)]))
    one, other = read_rows(rows), read_rows(mixed)
    assert prints(one) == prints(other)
    assert len(prints(other)) == len({row["package_id"] for row in rows})
    assert multiset(sent(other)) == multiset([in_payload(row) for row in rows])
    cartons = [{box["CustomContainerNo"] for box in build(order)["ContainerInfos"]} for order in other.valid]
    assert [len(each) for each in cartons] == [len(build(order)["ContainerInfos"]) for order in other.valid]


@settings(max_examples=15)
@given(books(), st.data())
def test_rows_on_two_sheets_are_the_same_shipments(rows: list[Row], data: st.DataObject) -> None:
    """Property: a carton may even be continued on another sheet."""
    mixed = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    orders = read_rows(mixed[:cut], mixed[cut:])
    assert prints(orders) == prints(read_rows(rows))
    assert multiset(sent(orders)) == multiset([in_payload(row) for row in rows])


def rows_of_element(rows: Sequence[Row], number: int, name: str) -> list[int]:
    """The rows that share a field's element with a row."""
    keys = KEYS[:1] if FIELDS[name].level == "" else KEYS
    return [at for at, row in enumerate(rows) if all(row[key] == rows[number][key] for key in keys)]


@settings(max_examples=40)
@given(books(), st.data())
def test_one_changed_cell_is_a_conflict_at_just_the_cells_that_differ(rows: list[Row], data: st.DataObject) -> None:
    """Property: told where a cell differs from the first of its element, and the other shipments are as they were.

    Where the first is the changed one, all the others differ from it.
    """
    number = data.draw(st.integers(0, len(rows) - 1))
    shared = [name for name in OF_ORDER + OF_CARTON if name in rows[number] and len(rows_of_element(rows, number, name)) > 1]
    name = data.draw(st.sampled_from(shared))
    value = data.draw(VALUES[name].filter(lambda value: value != rows[number][name]))
    changed = [{**row, name: value} if at == number else row for at, row in enumerate(rows)]
    members = rows_of_element(rows, number, name)
    differ = [at for at in members[1:] if changed[at][name] != changed[members[0]][name]]
    orders = read_rows(changed)
    letter = column_letter(column_of(FBA_ORDERS, name))
    found = [(issue.code, issue.row, issue.column, issue.order) for issue in orders.issues if issue.is_error]
    assert found == [("conflict", at + 2, letter, rows[number]["package_id"]) for at in differ]
    assert [order.display for order in orders.orders if not order.is_valid] == [rows[number]["package_id"]]
    rest = {package: text for package, text in prints(read_rows(rows)).items() if package != rows[number]["package_id"]}
    assert prints(orders) == rest


@settings(max_examples=20)
@given(books(), st.data())
def test_any_other_content_has_another_fingerprint(rows: list[Row], data: st.DataObject) -> None:
    """Property: one value changed on all rows of its element changes the fingerprint of that shipment and of no other."""
    number = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([name for name in rows[number] if name not in KEYS]))
    value = data.draw(VALUES[name].filter(lambda value: value != rows[number][name]))
    members = [number] if name in OF_SKU else rows_of_element(rows, number, name)
    changed = [{**row, name: value} if at in members else row for at, row in enumerate(rows)]
    before, after = prints(read_rows(rows)), prints(read_rows(changed))
    assert [package for package in before if before[package] != after[package]] == [rows[number]["package_id"]]
