"""Sent: the values of a payload with their elements, and the element of each row."""

from making import CARTONS, carton_row, orders_of, sheet

from bulkorders.core.payload import build, encode
from bulkorders.core.sent import Sent, row_elements, sent_values

ROWS = [
    carton_row(sku="A-1", quantity=1),
    carton_row(carton="2", weight=3, sku="B-2"),
    carton_row(sku="C-3"),
    carton_row(carton="2", weight=3, sku="A-1"),
]


def test_the_values_of_a_payload_are_known_with_their_elements() -> None:
    """As text, in the payload's order; what is blank was not sent."""
    (order,) = orders_of(CARTONS, sheet(CARTONS, ROWS)).orders
    sent = sent_values(CARTONS, encode(build(order)))
    assert sent[:3] == (Sent("shop", (), "ONT8"), Sent("package", (), "P1"), Sent("carton", (0,), "1"))
    assert [each.indices for each in sent if each.text == "A-1"] == [(0, 0), (1, 1)]
    assert Sent("weight", (0,), "12.5") in sent
    assert not [each for each in sent if each.field == "remark"]


def test_the_element_of_each_row_is_known_however_the_rows_lie() -> None:
    """Rows of one carton need not be adjacent: each row has the indices that the payload has."""
    (order,) = orders_of(CARTONS, sheet(CARTONS, ROWS)).orders
    assert row_elements(order.root) == ((0, 0), (1, 0), (0, 1), (1, 1))
    assert len(row_elements(order.root)) == len(order.places)


def test_a_payload_that_is_no_object_has_no_values() -> None:
    """What was forgotten in time, or is none of ours, raises nothing."""
    for payload in (b"", b"[]", b"null", b'"x"', b"{", b'{"Boxes": 1}', b'{"Boxes": [1, null]}'):
        assert sent_values(CARTONS, payload) == ()
