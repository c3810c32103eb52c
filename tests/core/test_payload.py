"""JSON: compact, raw UTF-8, numbers exact and plain."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkorders.core.field import Field
from bulkorders.core.kinds import Decimal as Number
from bulkorders.core.kinds import Text
from bulkorders.core.payload import encode, strip
from bulkorders.core.template import Template

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])) | DECIMALS
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner), max_leaves=20
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"), (Decimal("1.230"), "1.23"), (Decimal("2.0"), "2"),
        (Decimal("1E-7"), "0.0000001"), (Decimal("-0.0"), "0"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (2, "2"), (True, "true"), ("é中\"\\", '"é中\\"\\\\"'),
    ],
)  # fmt: skip
def test_values_are_written_compact_and_plain(value: object, text: str) -> None:
    """No exponent, no trailing zeros, no escaped letters."""
    assert encode({"v": [value]}).decode() == f'{{"v":[{text}]}}'


@given(JSON)
def test_what_is_encoded_reads_back_exactly(value: Any) -> None:
    """Property: nothing passes through a float, and nothing is lost, sorted or not."""
    for sort_keys in (False, True):
        body = encode(value, sort_keys=sort_keys)
        assert json.loads(body, parse_float=Decimal) == value
        assert b"E+" not in body or '"' in body.decode()


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.dictionaries(st.text("abcé中"), st.integers(0, 9))))
def test_sorted_keys_are_sorted_at_every_depth(value: Any) -> None:
    """The order of a dictionary's keys does not reach the bytes."""
    turned = {key: dict(reversed(inner.items())) for key, inner in reversed(value.items())}
    assert encode(value, sort_keys=True) == encode(turned, sort_keys=True)


def test_other_types_have_no_json_form() -> None:
    """A float, or a date that no kind has encoded, is a mistake of ours."""
    with pytest.raises(TypeError):
        encode({"v": object()})


# -- what is left when it is forgotten ---------------------------------------------------------------------------------------------

LETTERS = Template(
    "letters", title="信", unit="信", display="number",
    fields=(
        Field("number", "编号", Text(identifier=True), "No", key=True),
        Field("name", "收件人", Text(), "Name", personal=True),
        Field("sheet", "页", Number(), "Pages[].Sheet"),
        Field("text", "内容", Text(), "Pages[].Text", personal=True),
        Field("word", "词", Text(), "Pages[].Words[].Word"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "left"),
    [
        ('{"No":"1","Name":"Jack"}', '{"No":"1"}'),
        ('{"Pages":[{"Text":"dear","Sheet":1.50},{"Sheet":2}],"No":"1"}', '{"Pages":[{"Sheet":1.5},{"Sheet":2}],"No":"1"}'),
        ('{"Pages":[{"Words":[{"Word":"w","Name":"Jack"}]}]}', '{"Pages":[{"Words":[{"Word":"w"}]}]}'),
        ('{"No":12345678901234567890.5}', '{"No":12345678901234567890.5}'),
        ('{"No":{"Name":"Jack"}}', "{}"),
        ('{"data":{"No":"1","Name":"Jack"}}', "{}"),
        ('{"Pages":"Jack"}', "{}"),
        ("[1]", "{}"),
        ("No=1&Name=Jack", "{}"),
        ("", "{}"),
    ],
)
def test_nothing_is_left_that_may_be_personal(payload: str, left: str) -> None:
    """The fields that are declared and say nothing of a person stay, number by number; all that the template does not know goes."""
    assert strip(LETTERS, payload.encode()).decode() == left


def test_a_payload_that_is_no_text_leaves_nothing() -> None:
    """Whatever a provider sends."""
    assert strip(LETTERS, b"\xff\x00Jack") == b"{}"
