"""Secrets that a remote quotes are masked wherever its answer is read, but for what it grants."""

import json

import pytest

from bulkorders.remote.client import Answer
from bulkorders.remote.mask import LEAST_LENGTH, MASKED, Mask

SECRET = "s3cret/of+mine=&A1"
MASK = Mask().hiding(SECRET, None, "tok")


def quoted(text: str) -> Answer:
    """An answer whose every text, at any depth, quotes something."""
    return Answer(200, {}, json.dumps({"message": f"bad {text}!", "data": [{text: [text, 1, None]}]}).encode(), MASK)


@pytest.mark.parametrize(
    "form",
    [
        SECRET, SECRET.upper(), "s3cret%2Fof%2Bmine%3D%26A1", "s3cret%2fof%2bmine%3d%26a1", "s3cret\\/of+mine=&A1",
        "s3cret/of+mine=&amp;A1",
    ],
)  # fmt: skip
def test_a_secret_is_masked_in_every_text_of_an_answer(form: str) -> None:
    """As it is, as a URL, JSON or HTML writes it, in capitals or not; names of members too."""
    assert quoted(form).json() == {"message": f"bad {MASKED}!", "data": [{MASKED: [MASKED, 1, None]}]}
    assert Answer(500, {}, f"no: {form}".encode(), MASK).text() == f"no: {MASKED}"


def test_what_is_granted_is_not_masked() -> None:
    """A remote may give the refresh token again that it was asked with."""
    assert quoted(SECRET).granted()["data"] == [{SECRET: [SECRET, 1, None]}]


def test_what_is_too_short_for_a_secret_takes_nothing_out_of_other_texts() -> None:
    """A token of three letters would be found in tracking numbers."""
    assert quoted("token").json()["message"] == "bad token!"
    assert Mask().hiding("x" * (LEAST_LENGTH - 1)) == Mask()


def test_a_mask_is_printed_without_its_secrets() -> None:
    """It may stand in a traceback."""
    assert SECRET not in repr(MASK) + repr(quoted(SECRET))


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\udc00\\ud800"])
def test_halves_of_surrogate_pairs_come_no_further_than_the_answer(half: str) -> None:
    """JSON can spell what neither journal nor workbook can hold; whole pairs stay."""
    answer = Answer(200, {}, f'{{"a": "x{half}y", "{half}": "\\ud83d\\ude00"}}'.encode())
    for found in (answer.json(), answer.granted()):
        json.dumps(found, ensure_ascii=False).encode()
        assert list(found.values())[1] == "\N{GRINNING FACE}"


@pytest.mark.parametrize("depth", [300, 900, 3000])
def test_json_that_is_too_deep_is_none(depth: int) -> None:
    """Whether it is the parser or the mask that gives up."""
    found = Answer(200, {}, b"[" * depth + b"]" * depth, MASK).json()
    assert found is None or isinstance(found, list)
