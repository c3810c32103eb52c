"""The API against its own description: whatever is sent, no 5xx, and answers are as described."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from house import ROOT, Guest, House, house, orders
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth

FEW, MANY = 12, 300
PROFILE: Any = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
KEPT = {("DELETE", "/api/v1/batches/{batch}"), ("GET", "/api/v1/batches/{batch}/stream"), ("POST", "/api/v1/batches/{batch}/submit")}
"""What is asked of batches that are not there alone: it would end the one that is, or go on for ever."""


class Described:
    """A server with a draft and a submitted batch, and who calls it."""

    def __init__(self, found: House, folder: Any) -> None:
        self.house = found
        self.program: Guest = found.program(ROOT)
        root = found.guest(ROOT)
        upload = root.checked("a.xlsx", orders(folder, "A-1", "A-2", 地区=None))
        (self.draft,) = upload["batches"]
        self.upload = upload["id"]
        self.sent = root.draft("b.xlsx", orders(folder, "B-1"))
        assert root.call("POST", f"/batches/{self.sent}/submit", json={}).status_code == 202


@pytest.fixture(name="described", scope="module")
def make_described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """The server."""
    folder = tmp_path_factory.mktemp("described")
    with house(folder) as found:
        yield Described(found, folder)


def ask_all(described: Described, examples: int) -> None:
    """Sends made-up requests of every operation, to batches that are there where that does no harm; compares the answers."""
    answer = described.program.call("GET", "/openapi.json")
    assert answer.status_code == 200
    headers = {"authorization": described.program.client.headers["authorization"]}
    asked = []
    for found in schemathesis.openapi.from_dict(answer.json()).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # a description that cannot be read fails the test
        asked.append(operation.label)

        @settings(max_examples=examples, **PROFILE)
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case[Any]) -> None:
            _aim(case, described)
            case.call_and_validate(base_url=described.house.url, headers=headers, excluded_checks=[ignored_auth])

        ask()
    assert len(asked) > 15


def _aim(case: schemathesis.Case[Any], described: Described) -> None:
    """Most requests are about something that is there."""
    if "batch" in case.path_parameters and (case.method, case.path) not in KEPT:
        case.path_parameters["batch"] = (described.draft, described.sent, "no")[len(repr(case.body) + repr(case.query)) % 3]
    if "upload" in case.path_parameters:
        case.path_parameters["upload"] = described.upload


def test_answers_are_as_described(described: Described) -> None:
    """A few examples of each operation."""
    ask_all(described, FEW)


@pytest.mark.slow
def test_answers_are_as_described_over_and_over(described: Described) -> None:
    """Many of them."""
    ask_all(described, MANY)
