"""Properties of the way from rows to payloads: nothing is lost, nothing is made up, and the order of rows does not matter."""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from making import CARTONS, orders_of, sheet

from bulkorders.core.group import Orders
from bulkorders.core.issue import Issue
from bulkorders.core.payload import build, encode, fingerprint

Row = dict[str, Any]
WORDS = st.text(st.sampled_from("abcXYZ019 -_箱货$é=+@"), min_size=1, max_size=8).filter(lambda text: text == text.strip())
CODES = st.text(st.sampled_from("ABC129-"), min_size=1, max_size=5)
SIZES = st.decimals(0, 10**6, places=3)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "insured": st.sampled_from(["是", "否"]), "day": st.dates(), "remark": WORDS, "length": SIZES, "worth": SIZES, "net": SIZES,
    "size": WORDS,
}  # fmt: skip


def optional(*names: str) -> st.SearchStrategy[Row]:
    """Some of the fields, each given or blank."""
    return st.fixed_dictionaries({}, optional={name: OPTIONAL[name] for name in names})


@st.composite
def order_rows(draw: st.DrawFn, shop: str, package: str) -> list[Row]:
    """The rows of one order, every field that is given on all of its rows."""
    head = {"shop": shop, "package": package, **draw(optional("insured", "day", "remark"))}
    rows = []
    for carton in draw(st.lists(CODES, min_size=1, max_size=2, unique=True)):
        box = {"carton": carton, "weight": draw(SIZES), **draw(optional("length"))}
        for _ in range(draw(st.integers(1, 2))):
            item = {"sku": draw(CODES), "quantity": draw(st.integers(1, 10**6)), **draw(optional("worth", "net", "size"))}
            rows.append({**head, **box, **item})
    return rows


@st.composite
def order_books(draw: st.DrawFn) -> list[Row]:
    """The rows of some orders, one after the other."""
    keys = draw(st.lists(st.tuples(CODES, CODES), min_size=1, max_size=3, unique=True))
    return [row for shop, package in keys for row in draw(order_rows(shop, package))]


def cells(row: Row) -> Row:
    """A row as it is typed into a sheet: decimals as text."""
    return {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in row.items()}


def read_rows(rows: list[Row]) -> Orders:
    """The orders of rows."""
    return orders_of(CARTONS, sheet(CARTONS, [cells(row) for row in rows]))


def flat(payload: Any) -> list[Row]:
    """A payload back as rows, written out by hand so that it shares nothing with what built it."""
    rows = []
    for box in payload["Boxes"]:
        for item in box["Goods"]:
            row = {
                "shop": payload["Shop"], "package": payload["PackageId"], "insured": payload.get("Insured"), "day": payload.get("Day"),
                "remark": payload.get("Remark"), "carton": box["No"], "weight": box["Weight"], "length": box.get("Length"),
                "sku": item["Sku"], "quantity": item["Quantity"], "worth": item.get("Worth"), "net": item.get("Weight"),
                "size": item.get("Size"),
            }  # fmt: skip
            rows.append({name: value for name, value in row.items() if value is not None})
    return rows


def in_payload(row: Row) -> Row:
    """A row's values as JSON gives them back."""
    spelt: Row = {"insured": row["insured"] == "是"} if "insured" in row else {}
    return {**row, **spelt, **({"day": row["day"].isoformat()} if "day" in row else {})}


def multiset(rows: list[Row]) -> Counter[frozenset[tuple[str, Any]]]:
    """Rows without their order; 2, 2.0 and 2.00 are equal."""
    return Counter(frozenset(row.items()) for row in rows)


def sent(orders: Orders) -> list[Row]:
    """All payloads as rows, through the very bytes that are sent."""
    return [row for order in orders.orders for row in flat(json.loads(encode(build(order)), parse_float=Decimal))]


@settings(max_examples=40)
@given(order_books())
def test_payloads_hold_exactly_the_rows(rows: list[Row]) -> None:
    """Property: flattened again, the payloads give the rows that were typed, value by value, none more and none less."""
    orders = read_rows(rows)
    assert not [issue for issue in orders.issues if issue.is_error]
    assert multiset(sent(orders)) == multiset([in_payload(row) for row in rows])


@settings(max_examples=25)
@given(order_books(), st.randoms(use_true_random=False))
def test_shuffled_rows_are_the_same_orders(rows: list[Row], random: Any) -> None:
    """Property: a sheet sorted anew has the same orders with the same content and fingerprints."""
    shuffled = random.sample(rows, len(rows))
    one, other = ({tuple(order.key.values()): order for order in read_rows(each).valid} for each in (rows, shuffled))
    assert one.keys() == other.keys()
    assert {key: fingerprint(order) for key, order in one.items()} == {key: fingerprint(order) for key, order in other.items()}
    for key, order in one.items():
        assert multiset(flat(build(order))) == multiset(flat(build(other[key])))


@settings(max_examples=25)
@given(order_books(), st.data())
def test_blanked_repetitions_change_nothing(rows: list[Row], data: st.DataObject) -> None:
    """Property: what stands once in an order, or once in a carton, may be left blank on its other rows."""
    blanked = []
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        order, box = (row["shop"], row["package"]), (row["shop"], row["package"], row["carton"])
        names = {*(("insured", "day", "remark") if order in seen else ()), *(("weight", "length") if box in seen else ())}
        gone = {name for name in sorted(names) if data.draw(st.booleans())}
        blanked.append({name: value for name, value in row.items() if name not in gone})
        seen |= {order, box}
    assert [fingerprint(order) for order in read_rows(blanked).valid] == [fingerprint(order) for order in read_rows(rows).valid]


MESSY = st.fixed_dictionaries(
    {},
    optional={
        "shop": st.sampled_from(["ONT8", "LAX9"]), "package": st.sampled_from(["P1", "P2", 1e17, "合计"]),
        "carton": st.sampled_from(["1", "2"]), "weight": st.sampled_from([1, 2, "x"]), "sku": st.sampled_from(["A", "合计"]),
        "quantity": st.sampled_from([1, 0, "三"]), "remark": st.sampled_from(["r", "s"]),
    },
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(MESSY, max_size=8))
def test_the_books_balance(rows: list[Row]) -> None:
    """Property: every row of data belongs to exactly one order or is told to have none; valid and invalid rows sum to those read."""
    orders = orders_of(CARTONS, sheet(CARTONS, rows))
    owned = [place for order in orders.orders for place in order.places]
    assert len(owned) == len(set(owned))
    loose = [issue for issue in orders.issues if issue.code == "row_without_order"]
    assert len({issue.row for issue in loose}) == len(loose)
    passed = {issue.row for issue in orders.issues if issue.code in ("footer_row", "example_row", "row_outside")}
    filled = {number for number, row in enumerate(rows, 2) if row}
    assert {place.row for place in owned} | {issue.row for issue in loose} | passed == filled
    assert not {place.row for place in owned} & {issue.row for issue in loose}
    assert orders.rows["read"] == len(owned) + len(loose) == orders.rows["valid"] + orders.rows["invalid"]
    assert all(order.is_valid == (not any(map(is_error_of(order.display), orders.issues))) for order in unambiguous(orders))


def unambiguous(orders: Orders) -> list[Any]:
    """Orders whose display key no other order has."""
    counts = Counter(order.display for order in orders.orders)
    return [order for order in orders.orders if counts[order.display] == 1]


def is_error_of(display: str) -> Any:
    """Whether an issue is an error of the order of that display key."""

    def ask(issue: Issue) -> bool:
        return issue.is_error and issue.order == display

    return ask
