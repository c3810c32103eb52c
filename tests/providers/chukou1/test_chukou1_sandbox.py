"""The imitation of Chukou1 does what the vendor's pages say, over real sockets."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest
from chukou1_caller import CONTAINER, FIRST, ORDER, SKU, Caller, Clock, make_caller, make_clock, make_sandbox  # noqa: F401  # fixtures

from bulkorders.core.imitation import Fault, Request
from bulkorders.providers.chukou1.sandbox import (
    CREATE,
    LABEL,
    LOCATIONS,
    SERVICES,
    STATUS,
    TOKEN,
    Chukou1Sandbox,
)

HELD = "ContainerInfos.0"
PIECE = "ContainerInfos.0.SkuInfos.0"
ABSENT: Any = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sample order with one value replaced, or taken away."""
    order: dict[str, Any] = json.loads(json.dumps(ORDER))  # no two containers share their pieces
    *steps, last = path.split(".")
    place: Any = order
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return order


def written(path: str) -> str:
    """A path as the remote's messages write it."""
    return path.replace(".0", "[0]")


def messages(answer: httpx.Response) -> list[str]:
    """What an error envelope says."""
    return [error["Message"] for error in answer.json()["Errors"]]


def numbers(caller: Caller) -> tuple[str, str | None, bool]:
    """What of a status decides whether an order is created."""
    row = caller.status()
    return row["Status"], row["TrackingNumber"], row["IsFinalTrackingNumber"]


def test_the_account_is_all_a_client_needs(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """With a fixed token, or with what OAuth asks for."""
    assert sandbox.account("http://x") == {"provider": "chukou1", "base_url": "http://x", "token": sandbox.token}
    oauth = sandbox.oauth_account("http://x")
    assert set(oauth) == {"provider", "base_url", "client_id", "client_secret", "redirect_uri", "refresh_token"}
    assert all(oauth.values())
    assert caller.create() == 201


def test_settings_are_random_unless_given() -> None:
    """Two sandboxes share no token, and a test may name its own."""
    assert Chukou1Sandbox().token != Chukou1Sandbox().token
    assert Chukou1Sandbox(token="t", client_id="c").account("")["token"] == "t"


@pytest.mark.parametrize(("method", "path"), [("POST", CREATE), ("GET", "/v1/fbaOrder/A/status"), ("POST", LABEL), ("GET", LOCATIONS)])
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer other", "Basic x", "TOKEN"])
def test_a_call_without_a_live_token_is_refused(
    caller: Caller, sandbox: Chukou1Sandbox, method: str, path: str, authorization: str
) -> None:
    """401 in the envelope of errors, and nothing reaches the ledger."""
    authorization = authorization.replace("TOKEN", sandbox.token)
    answer = caller.send(method, path, json.dumps(ORDER).encode(), authorization=authorization)

    assert (answer.status_code, len(answer.json()["Errors"])) == (401, 1)
    assert (sandbox.ledger, sandbox.refusals) == ([], {"401": 1})


def test_an_error_has_a_ticket_a_time_and_the_path(caller: Caller) -> None:
    """The merchant's support case needs the ticket."""
    answer = caller.send("POST", CREATE, b"{}", authorization="").json()

    assert set(answer) == {"Errors", "TicketId", "UtcDateTime", "RequestUri"}
    assert set(answer["Errors"][0]) == {"Code", "Message"}
    assert str(UUID(answer["TicketId"])) == answer["TicketId"]
    assert (answer["UtcDateTime"], answer["RequestUri"]) == ("2024-07-08T03:11:12.000Z", CREATE)


def test_oauth_answers_flat_and_in_pascal_case(caller: Caller) -> None:
    """Both tokens, their minutes, and who the customer is; the new access token works."""
    pair = caller.login()

    assert set(pair) == {"AccessToken", "AccessTokenExpiresIn", "RefreshToken", "RefreshTokenExpiresIn", "CustomerId"}
    assert (pair["AccessTokenExpiresIn"], pair["CustomerId"]) == (1440, "10001")
    assert caller.create() == 201


def test_a_refresh_token_is_used_once(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """Each answer has a new pair; the old refresh token is refused with a flat error."""
    old = caller.oauth["refresh_token"]
    first, second = caller.login(), caller.login()
    again = caller.refresh(refresh_token=old)

    assert len({old, first["RefreshToken"], second["RefreshToken"]}) == 3
    assert first["AccessToken"] != second["AccessToken"]
    assert (again.status_code, set(again.json())) == (400, {"Code", "Message"})
    assert sandbox.oauth_account("")["refresh_token"] == second["RefreshToken"]
    assert caller.refresh().status_code == 200


@pytest.mark.parametrize("name", ["client_id", "client_secret", "redirect_uri", "refresh_token", "grant_type"])
@pytest.mark.parametrize("value", ["", "other"])
def test_oauth_needs_every_parameter(caller: Caller, sandbox: Chukou1Sandbox, name: str, value: str) -> None:
    """A refused call spends no refresh token."""
    answer = caller.refresh(**{name: value})

    assert (answer.status_code, set(answer.json())) == (400, {"Code", "Message"})
    assert sandbox.refusals == {"400": 1}
    assert caller.refresh().status_code == 200


def test_oauth_reads_the_query_string_only(caller: Caller) -> None:
    """Parameters in the body are not seen."""
    form = {**caller.oauth, "grant_type": "refresh_token"}

    assert caller.http.post(TOKEN, data=form).status_code == 400
    assert caller.http.post(TOKEN, json=form).status_code == 400
    assert caller.http.get(TOKEN, params=form).status_code == 404


def test_access_tokens_end_after_their_minutes(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """The refresh token lives on, the fixed token too."""
    caller.login()
    clock.now += 1440 * 60 - 1
    assert caller.create() == 201
    clock.now += 1
    assert caller.create() == 401
    caller.login()
    assert caller.create() == 200
    caller.token = sandbox.token
    assert caller.create() == 200


def test_access_tokens_end_when_told_to(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """Whatever was said of their time; the fixed token does not."""
    caller.login()
    sandbox.expire_tokens()

    assert caller.create() == 401
    caller.token = sandbox.token
    assert caller.create() == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CREATE),
        ("PUT", CREATE),
        ("POST", CREATE + "/"),
        ("POST", "/" + CREATE),
        ("POST", "/v1/FBAORDER"),
        ("POST", "/v1/fbaOrder/A/status"),
        ("GET", "/v1/fbaOrder//status"),
        ("GET", "/v1/fbaOrder/A/B/status"),
        ("GET", "/v1/fbaOrder/A"),
        ("POST", LOCATIONS),
        ("GET", "/"),
    ],
)
def test_anything_else_is_not_found(caller: Caller, sandbox: Chukou1Sandbox, method: str, path: str) -> None:
    """A doubled slash or another method is something else."""
    headers = {"authorization": f"Bearer {sandbox.token}", "content-type": "application/json"}
    url = str(caller.oauth["base_url"]) + path

    assert httpx.request(method, url, headers=headers, json=ORDER, trust_env=False).status_code == 404
    assert (sandbox.ledger, sandbox.refusals) == ([], {"404": 1})


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_a_body_is_declared_as_json(caller: Caller, content_type: str) -> None:
    """With or without the character set."""
    assert caller.send("POST", CREATE, json.dumps(ORDER).encode(), content_type=content_type).status_code == 201


@pytest.mark.parametrize("content_type", ["", "text/json", "application/x-www-form-urlencoded", "application/json; charset=gbk"])
def test_a_body_declared_as_anything_else_is_refused(caller: Caller, sandbox: Chukou1Sandbox, content_type: str) -> None:
    """Also when it is JSON."""
    answer = caller.send("POST", CREATE, json.dumps(ORDER).encode(), content_type=content_type)

    assert (answer.status_code, len(messages(answer)), sandbox.ledger) == (400, 1, [])


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff", b"[" * 100_000, b'{"a":1e99999999999999999999}']
)
def test_a_body_that_is_no_json_object_is_refused(caller: Caller, body: bytes) -> None:
    """The remote stays up and says so."""
    assert caller.send("POST", CREATE, body).status_code == 400


def test_an_accepted_order_has_an_empty_answer_and_an_entry(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """201 without a body; the ledger holds what came."""
    answer = caller.post(ORDER)

    assert (answer.status_code, answer.content) == (201, b"")
    entry = sandbox.ledger[0]
    assert (entry.time, entry.package_id, entry.payload, entry.modifies) == (clock.now, FIRST, ORDER, False)
    assert json.loads(entry.body) == ORDER


@pytest.mark.parametrize("body", [json.dumps(ORDER), json.dumps(dict(reversed(ORDER.items())), indent=1).replace("9.25", "9.250")])
def test_the_same_data_again_is_ignored(caller: Caller, sandbox: Chukou1Sandbox, body: str) -> None:
    """200 without a body, and nothing is entered; the form of the JSON does not matter."""
    caller.create()
    number = caller.status()["Ck1PackageId"]
    answer = caller.send("POST", CREATE, body.encode())

    assert (answer.status_code, answer.content, len(sandbox.ledger)) == (200, b"", 1)
    assert (caller.status()["Ck1PackageId"], sandbox.cancelled) == (number, [])


@pytest.mark.parametrize(("path", "value"), [("Remark", "other"), ("Remark", ABSENT), (f"{PIECE}.Quantity", 9), (f"{HELD}.Weight", 1)])
def test_changed_data_modifies_the_order(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock, path: str, value: Any) -> None:
    """The old order is cancelled, the new one has a number of its own and starts at Creating."""
    caller.create()
    clock.now += 10
    old = caller.status()
    answer = caller.post(changed(path, value))

    new = caller.status()
    assert (answer.status_code, answer.content, [entry.modifies for entry in sandbox.ledger]) == (201, b"", [False, True])
    assert (old["Status"], new["Status"], new["TrackingNumber"]) == ("Created", "Creating", None)
    assert sandbox.cancelled == [old["Ck1PackageId"]] != [new["Ck1PackageId"]]
    assert [entry.ck1_package_id for entry in sandbox.ledger] == [old["Ck1PackageId"], new["Ck1PackageId"]]
    assert (caller.post(changed(path, value)).status_code, caller.create()) == (200, 201)


def test_another_package_id_is_another_order(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """Whatever else is equal."""
    assert (caller.create(), caller.create(PackageId="2"), sandbox.cancelled) == (201, 201, [])
    assert caller.status()["Ck1PackageId"] != caller.status("2")["Ck1PackageId"]


REQUIRED = [
    *(name for name in ORDER if name not in ("Custom", "VatCode", "Remark")),
    *(f"{HELD}.{name}" for name in CONTAINER),
    *(f"{PIECE}.{name}" for name in SKU if name not in ("Charged", "ASINCode")),
]


@pytest.mark.parametrize("path", REQUIRED)
def test_a_required_field_must_be_there_and_not_blank(caller: Caller, sandbox: Chukou1Sandbox, path: str) -> None:
    """Absent, null, empty and blank are the same; the message names the place."""
    blanks: list[Any] = [ABSENT, None, "", " ", []]
    for value in blanks:
        answer = caller.post(changed(path, value))
        assert (answer.status_code, messages(answer)) == (400, [f"{written(path)}不能为空"])
    assert sandbox.ledger == []


@pytest.mark.parametrize("path", ["Custom", "VatCode", "Remark", f"{PIECE}.Charged", f"{PIECE}.ASINCode"])
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_an_optional_field_may_be_missing(caller: Caller, path: str, value: Any) -> None:
    """Absent or null."""
    assert caller.post(changed(path, value)).status_code == 201


LENGTHS = {
    "ShipmentId": 15, "ReferenceId": 12, "PackageId": 50, "Location": 20, "ServiceCode": 30, "Custom": 1000, "Remark": 1000,
    f"{PIECE}.Sku": 100, f"{PIECE}.Picture": 200, f"{PIECE}.ASINCode": 50,
}  # fmt: skip


@pytest.mark.parametrize(("path", "longest"), LENGTHS.items())
def test_a_text_has_a_greatest_length(caller: Caller, path: str, longest: int) -> None:
    """One character more is refused."""
    too_long = caller.post(changed(path, "x" * (longest + 1)))

    assert (too_long.status_code, messages(too_long)) == (400, [f"{written(path)}长度不能超过{longest}"])
    assert caller.post(changed(path, "x" * longest)).status_code == 201


@pytest.mark.parametrize("path", ["WarehouseCode", "VatCode", f"{HELD}.CustomContainerNo", f"{PIECE}.ModelName", f"{PIECE}.HsCode"])
def test_other_texts_have_none(caller: Caller, path: str) -> None:
    """No page names one."""
    assert caller.post(changed(path, "x" * 2000)).status_code == 201


@pytest.mark.parametrize("package_id", ["包裹1", "A 1", "A/1", "A.1", "A1\n", "Ａ1", "٣"])
def test_a_package_id_is_letters_digits_hyphens_and_underscores(caller: Caller, package_id: str) -> None:
    """The page's pattern, in ASCII."""
    answer = caller.post({**ORDER, "PackageId": package_id})

    assert (answer.status_code, messages(answer)) == (400, ["PackageId格式不正确"])
    assert caller.create(PackageId="a-Z_09") == 201


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("ShipmentId", 24332),
        ("Remark", True),
        ("ContainerInfos", "1"),
        ("ContainerInfos", {"0": CONTAINER}),
        ("ContainerInfos", ["1"]),
        (f"{HELD}.SkuInfos", [None]),
        (f"{HELD}.CustomContainerNo", 1),
        (f"{HELD}.Weight", "5600"),
        (f"{HELD}.Weight", 5.6),
        (f"{HELD}.Weight", 5600.0),
        (f"{HELD}.Weight", 0),
        (f"{HELD}.Weight", True),
        (f"{HELD}.Length", "40"),
        (f"{HELD}.Width", 0),
        (f"{HELD}.Height", 20.255),
        (f"{HELD}.Height", 1_000_000),
        (f"{PIECE}.Charged", "是"),
        (f"{PIECE}.Charged", 1),
        (f"{PIECE}.Charged", ""),
        (f"{PIECE}.Quantity", 0),
        (f"{PIECE}.Quantity", 1.0),
        (f"{PIECE}.Quantity", "8"),
        (f"{PIECE}.DeclareValue", 9.255),
        (f"{PIECE}.DeclareValue", -1),
        (f"{PIECE}.DeclareValue", "9"),
        (f"{PIECE}.Weight", "0.1kg"),
        (f"{PIECE}.Weight", 0),
        (f"{PIECE}.HsCode", 7323930080),
    ],
)
def test_a_value_of_another_type_or_size_is_refused(caller: Caller, sandbox: Chukou1Sandbox, path: str, value: Any) -> None:
    """Texts are texts, pieces and grams are positive integers, sizes have two places; one message names the place."""
    answer = caller.post(changed(path, value))

    said = messages(answer)
    assert (answer.status_code, len(said), sandbox.ledger) == (400, 1, [])
    assert said[0].startswith(written(path))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{PIECE}.Weight", 0.00125),
        (f"{PIECE}.DeclareValue", 0),
        (f"{PIECE}.DeclareValue", 9),
        (f"{PIECE}.Charged", False),
        (f"{HELD}.Length", 999_999.99),
        ("Custom", ""),
        ("NoPageNamesThis", {"a": 1}),
    ],
)
def test_what_no_page_forbids_is_accepted(caller: Caller, path: str, value: Any) -> None:
    """A piece's weight has any number of places; other names are passed over."""
    assert caller.post(changed(path, value)).status_code == 201


@pytest.mark.parametrize(("number", "status"), [("9.250", 201), ("925e-2", 201), ("9.2500000000000000000000000000000001", 400)])
def test_decimal_places_are_those_that_count(caller: Caller, number: str, status: int) -> None:
    """A nought at the end is none, and none is lost among many digits."""
    body = json.dumps(ORDER).replace("9.25", number)

    assert caller.send("POST", CREATE, body.encode()).status_code == status


def test_a_container_number_is_used_once_in_an_order(caller: Caller) -> None:
    """Another order may have the same."""
    answer = caller.post({**ORDER, "ContainerInfos": [CONTAINER, CONTAINER]})

    assert (answer.status_code, messages(answer)) == (400, ["ContainerInfos中CustomContainerNo重复：1"])
    assert (caller.create(), caller.create(PackageId="2")) == (201, 201)


def test_everything_that_is_wrong_is_said_at_once(caller: Caller) -> None:
    """One error each, with its place."""
    answer = caller.post(changed(f"{PIECE}.Quantity", 0) | {"Location": "", "ShipmentId": "x" * 16})

    places = ["ShipmentId", "Location", "ContainerInfos[0].SkuInfos[0].Quantity"]
    assert [said.startswith(place) for said, place in zip(messages(answer), places, strict=True)] == [True] * 3


def test_an_unknown_order_has_no_status(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """404 in the envelope of errors; asking is no offence."""
    answer = caller.send("GET", "/v1/fbaOrder/other/status")

    assert (answer.status_code, messages(answer), sandbox.refusals) == (404, ["包裹不存在"], {})


def test_a_status_has_every_field_of_the_pages_and_one_more(caller: Caller, clock: Clock) -> None:
    """Declared and measured sizes of each container; a field on no page, which clients must survive."""
    caller.create()
    clock.now += 2
    row = caller.status()

    assert set(row) == {
        "PackageId", "Ck1PackageId", "Status", "HandleStatus", "TrackingNumber", "ExtraTrackNumber", "IsFinalTrackingNumber",
        "ShippingProvider", "CreateFailedReason", "ShippingCosts", "ContainerInfos", "CreatedTime", "FieldOnNoPage",
    }  # fmt: skip
    assert (row["PackageId"], row["HandleStatus"], row["CreateFailedReason"]) == (FIRST, "Submitted", None)
    assert set(row["ShippingCosts"][0]) == {"Money", "Currency", "Type", "Remark"}
    assert row["CreatedTime"] == "2024-07-08T03:11:12.000Z"
    held = row["ContainerInfos"][1]
    assert [held[f"{name}Init"] for name in ("Weight", "Length", "Width", "Height")] == [5600, 40.5, 30, 20.25]
    assert (held["CustomContainerNo"], held["Weight"], held["Length"]) == ("2", None, None)


def test_an_order_is_created_once_it_has_a_number(caller: Caller, clock: Clock) -> None:
    """Creating, then Created with a blank number, then with one that is final and stays."""
    caller.create()
    assert numbers(caller) == ("Creating", None, False)
    clock.now += 1
    assert numbers(caller) == ("Created", "", False)
    clock.now += 1
    number = caller.status()["TrackingNumber"]
    assert number
    assert numbers(caller) == ("Created", number, True)
    clock.now += 1000
    assert numbers(caller) == ("Created", number, True)


@pytest.mark.parametrize(("service", "final_after", "gap"), [("CUE", 3.0, 3.0), ("LATE-1", 0.0, 5.0), ("LATE-1", 3.0, 8.0)])
def test_a_number_may_change_until_it_is_final(
    caller: Caller, sandbox: Chukou1Sandbox, clock: Clock, service: str, final_after: float, gap: float
) -> None:
    """And then it does; a service that begins with LATE takes five seconds more."""
    sandbox.final_after = final_after
    caller.create(ServiceCode=service)
    clock.now += 2
    status, first, is_final = numbers(caller)
    assert (status, bool(first), is_final) == ("Created", True, False)
    clock.now += gap - 0.5
    assert numbers(caller) == ("Created", first, False)
    clock.now += 0.5
    status, last, is_final = numbers(caller)
    assert (status, is_final) == ("Created", True)
    assert last not in (first, "", None)


def test_an_order_for_an_unknown_service_fails_later(caller: Caller, clock: Clock) -> None:
    """It is accepted, and then ends as CreateFailed with a reason in three parts."""
    assert caller.create(ServiceCode="NOSUCH-1") == 201
    assert caller.status()["Status"] == "Creating"
    clock.now += 1
    row = caller.status()

    assert (row["Status"], row["TrackingNumber"], set(row["CreateFailedReason"])) == (
        "CreateFailed",
        None,
        {"ReasonCode", "ReasonText", "ExtendMessage"},
    )
    assert "NOSUCH-1" in row["CreateFailedReason"]["ExtendMessage"]


def test_a_failed_order_is_mended_by_changed_data_only(caller: Caller, clock: Clock) -> None:
    """The same again is ignored and stays failed."""
    caller.create(ServiceCode="NOSUCH")
    clock.now += 100

    assert caller.create(ServiceCode="NOSUCH") == 200
    assert caller.status()["Status"] == "CreateFailed"
    assert caller.create() == 201
    clock.now += 2
    assert caller.status()["Status"] == "Created"


def test_new_orders_may_be_hidden_for_a_while(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """Look-ups are late; the PackageId is taken at once. A modification of an order that shows, shows at once."""
    sandbox.visible_after = 30
    caller.create()
    clock.now += 29
    assert caller.send("GET", STATUS.replace("*", FIRST)).status_code == 404
    assert caller.create() == 200
    clock.now += 1
    assert caller.status()["Status"] == "Created"
    caller.create(Remark="other")
    assert caller.status()["Status"] == "Creating"


def test_locations_and_services_are_listed(caller: Caller) -> None:
    """Codes with names, and whether a service is offered."""
    locations, services = caller.send("GET", LOCATIONS).json(), caller.send("GET", SERVICES).json()

    assert {"LocationId": "GZ", "LocationName": "广州处理点"} in locations
    assert {row["InService"] for row in services} == {True, False}
    assert all(set(row) == {"ServiceCode", "ServiceName", "InService"} for row in services)


@pytest.mark.parametrize("content", ["Address", "AddressCostoms", "AddressCostomsSplit", "AddressRemark", "AddressCustomsRemarkSplit"])
def test_a_created_order_has_a_label(caller: Caller, clock: Clock, content: str) -> None:
    """A PDF in Base64; the contents are spelt as on the page."""
    asked = {"PackageId": FIRST, "PrintFormat": "ClassicLabel", "PrintContent": content}
    caller.create()
    assert caller.send("POST", LABEL, json.dumps(asked).encode()).status_code == 400
    clock.now += 1

    answer = caller.send("POST", LABEL, json.dumps(asked).encode())

    assert base64.b64decode(answer.json()["Label"], validate=True).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("wrong", "status"), [({"PackageId": "other"}, 404), ({"PrintFormat": "A4"}, 400), ({"PrintContent": "AddressCustoms"}, 400)]
)
def test_a_label_is_asked_for_in_the_pages_words(caller: Caller, clock: Clock, wrong: dict[str, str], status: int) -> None:
    """Another word, or an unknown order, gets none."""
    caller.create()
    clock.now += 1
    asked = {"PackageId": FIRST, "PrintFormat": "ClassicA4", "PrintContent": "Address", **wrong}

    assert caller.send("POST", LABEL, json.dumps(asked).encode()).status_code == status


def test_calls_are_counted_by_path(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """All status calls under one name."""
    caller.create()
    caller.status()
    caller.create(PackageId="2")
    caller.status("2")

    assert sandbox.requests == {CREATE: 2, STATUS: 2}
    assert sandbox.max_in_flight == {CREATE: 1, STATUS: 1}


def test_calls_in_flight_are_counted(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """A create takes its time; its effect is there at once."""
    sandbox.service_time = 0.5
    first = threading.Thread(target=caller.create)
    first.start()
    while first.is_alive() and not sandbox.ledger:
        time.sleep(0.01)
    caller.create(PackageId="2")
    first.join()

    assert sandbox.max_in_flight[CREATE] == 2


def test_a_sequential_client_has_one_call_in_flight(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """The next call may start the moment the last one's answer is in."""
    answers = {caller.create(PackageId=str(number)) for number in range(200)}

    assert (answers, len(sandbox.ledger), sandbox.max_in_flight[CREATE], sandbox.refusals) == ({201}, 200, 1, {})


def test_one_order_sent_by_many_at_once_is_entered_once(sandbox: Chukou1Sandbox) -> None:
    """The first gets 201, all others 200."""
    headers = {"authorization": f"Bearer {sandbox.token}", "content-type": "application/json"}
    requests = [Request("POST", CREATE, {}, headers, json.dumps(ORDER).encode(), 0.0) for _ in range(100)]
    with ThreadPoolExecutor(8) as pool:
        answers = sorted(reply.status for reply in pool.map(sandbox.handle, requests))

    assert (answers, len(sandbox.ledger)) == ([200] * 99 + [201], 1)


@pytest.mark.parametrize("drop", ["before", "headers", "body"])
@pytest.mark.parametrize("entered", [True, False])
def test_a_dropped_create_may_have_been_entered(caller: Caller, sandbox: Chukou1Sandbox, drop: str, entered: bool) -> None:
    """The client cannot tell; the ledger and the next attempt do."""
    sandbox.fail_next(Fault(CREATE, drop=drop, entered=entered))
    with pytest.raises(httpx.TransportError):
        caller.create()

    assert len(sandbox.ledger) == entered
    assert caller.create() == (200 if entered else 201)


def test_a_lost_oauth_answer_may_have_spent_the_refresh_token(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """The old one is refused from then on."""
    sandbox.fail_next(Fault(TOKEN, drop="before", entered=True))
    with pytest.raises(httpx.TransportError):
        caller.refresh()

    assert caller.refresh().status_code == 400
    assert caller.refresh(refresh_token=sandbox.refresh_token).status_code == 200


def test_faults_hit_the_next_calls_of_their_path(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """In the order they were given, as often as they were given; calls of other paths are well."""
    sandbox.fail_next(Fault(CREATE, code="800F0001"), times=2)
    sandbox.fail_next(Fault(CREATE, code="800F0002", details=("余额不足", "请充值"), status=412))
    sandbox.fail_next(Fault(STATUS, status=500))

    first = caller.post(ORDER)
    assert (first.status_code, first.json()["Errors"]) == (400, [{"Code": "800F0001", "Message": ""}])
    assert caller.send("GET", LOCATIONS).status_code == 200
    assert caller.create() == 400
    second = caller.post(ORDER)
    assert (second.status_code, messages(second)) == (412, ["余额不足", "请充值"])
    assert (caller.create(), len(sandbox.ledger)) == (201, 1)
    assert sandbox.refusals == {"400": 2, "412": 1}


@pytest.mark.parametrize(("path", "hit"), [(STATUS, ["1", "2"]), ("/v1/fbaOrder/2/status", ["2"]), (CREATE, []), ("", ["1", "2"])])
def test_a_fault_hits_any_status_or_one_orders(caller: Caller, sandbox: Chukou1Sandbox, path: str, hit: list[str]) -> None:
    """A star stands for any PackageId; the create's path hits creates only."""
    for package_id in ("1", "2"):
        caller.create(PackageId=package_id)
    sandbox.fail_next(Fault(path, status=503), times=2)

    answers = {package_id: caller.send("GET", STATUS.replace("*", package_id)).status_code for package_id in ("1", "2")}

    assert [package_id for package_id, status in answers.items() if status == 503] == hit


def test_a_fault_of_oauth_is_answered_flat(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """In the form that its errors have."""
    sandbox.fail_next(Fault(TOKEN, code="800F0003", details=("应用已停用",)))
    answer = caller.refresh()

    assert (answer.status_code, answer.json()) == (400, {"Code": "800F0003", "Message": "应用已停用"})
    assert caller.refresh().status_code == 200


def test_a_fault_may_answer_with_any_status_and_body(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """Proxies answer with pages of their own; an order may be there all the same."""
    sandbox.fail_next(Fault(CREATE, status=502, entered=True))
    sandbox.fail_next(Fault(CREATE, body=b'{"Errors":'))

    proxy, garbled = caller.post(ORDER), caller.post({**ORDER, "PackageId": "2"})

    assert (proxy.status_code, proxy.headers["content-type"]) == (502, "text/html")
    assert (garbled.status_code, garbled.content, len(sandbox.ledger)) == (200, b'{"Errors":', 1)


def test_a_fault_may_only_delay(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """The call takes its effect and its own answer comes, late; also at OAuth."""
    sandbox.fail_next(Fault(delay=0.1), times=2)
    started = time.monotonic()
    caller.login()

    assert (caller.create(), len(sandbox.ledger)) == (201, 1)
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("headers", [{"authorization": "Bearer x"}, {"content_type": "text/plain"}])
def test_a_call_that_is_not_let_in_uses_up_no_fault(caller: Caller, sandbox: Chukou1Sandbox, headers: dict[str, str]) -> None:
    """A fault waits for a call that would have gone through."""
    sandbox.fail_next(Fault(status=503))

    assert caller.send("POST", CREATE, b"{}", **headers).status_code in (400, 401)
    assert caller.send("GET", "/v1/nothing").status_code == 404
    assert caller.create() == 503
