"""The imitation of Lingxing does what the vendor's pages say, over real sockets."""

import json
import threading
import time
from contextlib import closing, suppress
from typing import Any

import httpx
import pytest
from lingxing_caller import ORDER, Caller, Clock, make_caller, make_clock, make_sandbox  # noqa: F401  # fixtures

from bulkorders.core.imitation import Fault
from bulkorders.providers.lingxing.sandbox import (
    CANCEL,
    CREATE,
    ORDERS,
    PRODUCTS,
    SELLERS,
    TOKEN,
    LingxingSandbox,
    Store,
)
from bulkorders.providers.lingxing.sandbox_gateway import sign, signing_text
from bulkorders.sandbox import Server

VECTOR_APP = "ak_testAppId0001"
VECTOR_QUERY = {"access_token": "44fa2eed-1111-4222-8333-8c6abe5ea6a4", "app_key": VECTOR_APP}
THIRD_BODY = (
    r'{"address2":"","receiver":"José O\'Brien & Söhne = \"x\"/y",'.replace(r"\'", "'")
    + r'"item_list":[{"msku":"A/B \"7\" 中","quantity_shipped":2}]}'
)


def details(answer: dict[str, Any]) -> tuple[int, list[str]]:
    """Code and error details of a service answer."""
    return answer["code"], answer["error_details"]


@pytest.mark.parametrize(
    ("body", "timestamp", "expected"),
    [
        ("", "1639734344", "nHl5TXTbm/QVJrnKjNCDkcbR/cx3IpPHD7obvir4zTXA9wqvkCf482zO2b6LAXLZ"),
        (
            json.dumps(ORDER, ensure_ascii=False),
            "1720408272",
            "oQMr9Et0px9G70SjBh8K3f9y8v2mn70jFlcq6kLtkRrA9wqvkCf482zO2b6LAXLZ",
        ),
        (THIRD_BODY, "1720408272", "YuiurEzfLOgl3xT4GxbtNUiivny+ed/+zSdKwOI68/7A9wqvkCf482zO2b6LAXLZ"),
    ],
    ids=["no business parameters", "the vendor's sample", "quotes, slashes and Chinese"],
)
def test_the_verifier_agrees_with_the_vectors(body: str, timestamp: str, expected: str) -> None:
    """Vectors that several independent implementations agree on."""
    text = signing_text(body.encode(), {**VECTOR_QUERY, "timestamp": timestamp})

    assert sign(text, VECTOR_APP) == expected


def test_the_verifier_agrees_with_the_vector_of_the_last_steps() -> None:
    """Digest, encryption and Base64 of a given text."""
    text = 'a={"a":2,"z":1}&b=2&empty_list=[]&false=false&items=[{"a":1,"b":2}]&n=null'

    assert sign(text, "1234567890abcdef") == "OK5dei60ZS0Y5i8WvIZwSji7Vo70S7HnYtf+txhG7CMC3sVlLAIV+Tr2nwCfD21Y"


def test_what_is_signed_is_the_received_text_in_sorted_order() -> None:
    """Numbers stay as they were written, nested keys are sorted, empty strings take no part."""
    body = '{"z": 1.10, "a": {"y": [2.0, null, "中"], "b": true}, "n": null, "none": ""}'

    assert signing_text(body.encode(), {"sign": "x"}) == 'a={"b":true,"y":[2.0,null,"中"]}&n=null&z=1.10'


def test_an_app_id_that_is_no_aes_key_is_refused() -> None:
    """16, 24 or 32 bytes."""
    with pytest.raises(ValueError, match="16, 24 or 32"):
        LingxingSandbox(app_id="short")


def test_the_account_is_all_a_client_needs(caller: Caller, sandbox: LingxingSandbox) -> None:
    """An app id of 16 characters, a secret, and the URL."""
    account = sandbox.account("http://x")

    assert (account["provider"], account["base_url"], len(account["app_id"])) == ("lingxing", "http://x", 16)
    assert caller.login()["code"] == "200"


def test_a_token_answer_is_the_gateways(caller: Caller) -> None:
    """The code is a string, the pair lies in data."""
    answer = caller.login()

    assert (answer["code"], answer["msg"], answer["data"]["expires_in"]) == ("200", "OK", 7199)
    assert answer["data"]["access_token"] != answer["data"]["refresh_token"]


def test_a_wrong_app_or_secret_gets_no_token(caller: Caller) -> None:
    """Each has a code of its own."""
    app_id, app_secret = caller.account["app_id"], caller.account["app_secret"]

    assert caller.form(TOKEN, appId="ak_other00000001", appSecret=app_secret)["code"] == "2001001"
    assert caller.form(TOKEN, appId=app_id, appSecret="guess")["code"] == "2001002"
    assert caller.http.post(TOKEN, json={"appId": app_id, "appSecret": app_secret}).json()["code"] == "2001001"


def test_a_new_token_replaces_the_old(caller: Caller) -> None:
    """One live token per app."""
    old = caller.pair["access_token"]
    caller.login()

    assert caller.call(SELLERS)["code"] == 0
    caller.pair["access_token"] = old
    assert caller.call(SELLERS)["code"] == "2001005"


def test_a_refresh_token_is_used_once(caller: Caller) -> None:
    """Each refresh gives a new pair and ends the old one."""
    first = dict(caller.pair)

    assert caller.refresh(first["refresh_token"])["code"] == "200"
    assert caller.pair["access_token"] != first["access_token"]
    assert caller.refresh(first["refresh_token"])["code"] == "2001009"
    assert caller.call(SELLERS)["code"] == 0


def test_tokens_expire(caller: Caller, clock: Clock) -> None:
    """The access token after 7199 seconds, the refresh token after two hours."""
    clock.now += 7199
    assert caller.call(SELLERS)["code"] == "2001005"
    clock.now += 1
    assert caller.refresh(caller.pair["refresh_token"])["code"] == "2001008"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"access_token": ""}, "2001003"),
        ({"access_token": "other"}, "2001005"),
        ({"app_key": "ak_other00000001"}, "2001001"),
        ({"sign": ""}, "3001001"),
        ({"extra": "1"}, "3001001"),
        ({"timestamp": "1720408272000"}, "3001001"),
        ({"timestamp": "1720408151"}, "2001007"),
        ({"timestamp": "1720408271"}, "2001006"),
        ({"sign": "AAAA"}, "2001006"),
    ],
)
def test_a_call_with_wrong_public_parameters_is_refused(
    caller: Caller, sandbox: LingxingSandbox, changed: dict[str, str], code: str
) -> None:
    """Each fault has its code, and nothing reaches the ledger."""
    assert caller.call(CREATE, ORDER, **changed)["code"] == code
    assert sandbox.ledger == []
    assert sandbox.refusals == {code: 1}


def test_the_signature_covers_the_body_that_came(caller: Caller) -> None:
    """A body other than the signed one is refused."""
    other = sign(signing_text(b'{"order_id":"other"}', {}), caller.account["app_id"])

    assert caller.call(CREATE, ORDER, sign=other)["code"] == "2001006"


@pytest.mark.parametrize("path", ["/order/amzod/api/nothing", "/" + CREATE])
def test_an_unknown_path_is_not_found(caller: Caller, path: str) -> None:
    """A doubled slash is one, too."""
    answer = httpx.post(caller.account["base_url"] + path, json={}, trust_env=False)

    assert answer.status_code == 200
    assert answer.json() == {"code": "500", "msg": "404 NOT_FOUND", "data": None}


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"a":NaN}', b'{"a":"\\ud800"}', b"\xff"])
def test_a_body_that_is_no_json_object_is_malformed(caller: Caller, body: bytes) -> None:
    """The gateway says so before it looks at the token."""
    query = {"access_token": "x", "app_key": "x", "timestamp": "1720408272", "sign": "x"}
    headers = {"content-type": "application/json"}

    assert caller.http.post(CREATE, params=query, content=body, headers=headers).json()["code"] == "400"


def test_an_accepted_order_is_answered_as_on_the_vendors_page(caller: Caller, sandbox: LingxingSandbox) -> None:
    """Code 0, empty lists, Beijing time, a request id of the usual form; the ledger holds what came."""
    answer = caller.create()

    fixed = {"code": 0, "data": [], "error_details": [], "message": "操作成功", "total": 0}
    assert {name: answer[name] for name in fixed} == fixed
    assert answer["response_time"] == "2024-07-08 11:11:12"
    assert [len(part) for part in answer["request_id"].split(".")][::2] == [32, 17]
    entry = sandbox.ledger[0]
    assert (entry.order_id, entry.store.name, entry.payload, entry.time) == ("1000796", "8speed-US1", ORDER, 1720408272)
    assert json.loads(entry.body) == ORDER


def test_an_order_number_is_taken_once_per_store(caller: Caller, sandbox: LingxingSandbox) -> None:
    """The failure is the vendor page's sample."""
    first, again = caller.create(), caller.create(remark="other")

    assert (again["code"], again["data"], again["message"]) == (500, None, "失败")
    assert again["error_details"] == ["订单号已经存在"]
    assert first["request_id"] != again["request_id"]
    assert caller.create(country="加拿大")["code"] == 0
    assert len(sandbox.ledger) == 2


def test_an_unknown_msku_is_refused(caller: Caller, sandbox: LingxingSandbox) -> None:
    """MSKUs that begin with NOSUCH do not exist."""
    answer = caller.create(item_list=[{"msku": "NOSUCH-1", "quantity_shipped": 1}])

    assert details(answer) == (500, ["MSKU不存在"])
    assert sandbox.ledger == []


@pytest.mark.parametrize("name", ["store_name", "receiver", "city", "date_for_packing", "item_list"])
def test_a_missing_required_field_is_refused(caller: Caller, name: str) -> None:
    """Absent and blank are the same."""
    assert details(caller.create(**{name: None})) == (500, [f"{name}不能为空"])
    assert details(caller.create(**{name: [] if name == "item_list" else " "})) == (500, [f"{name}不能为空"])


@pytest.mark.parametrize("japan", [{"country": "日本"}, {"country_code": "JP"}])
def test_japan_needs_no_city(caller: Caller, japan: dict[str, str]) -> None:
    """Whether the store or the buyer is there."""
    assert caller.create(city=None, **japan)["code"] == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"item_list": json.dumps(ORDER["item_list"])},
        {"item_list": [{"msku": "a", "quantity_shipped": "1"}]},
        {"item_list": [{"msku": 1, "quantity_shipped": 1}]},
        {"postcode": 36003},
    ],
)
def test_a_wrong_json_type_is_code_102(caller: Caller, changed: dict[str, Any]) -> None:
    """The list is a list, texts are texts, numbers are numbers."""
    assert caller.create(**changed)["code"] == 102


@pytest.mark.parametrize(
    "changed",
    [
        {"item_list": [{"msku": "a", "quantity_shipped": 0}]},
        {"item_list": [{"msku": "a", "quantity_shipped": 1.0}]},
        {"date_for_packing": "2022/12/09"},
        {"date_for_packing": "2022-13-09"},
        {"is_blank_box": "yes"},
        {"delivery_service": "Standard"},
    ],
)
def test_a_value_outside_the_pages_is_refused(caller: Caller, changed: dict[str, Any]) -> None:
    """Quantities are positive integers, dates have one of two forms, choices are the page's words."""
    code, said = details(caller.create(**changed))

    assert (code, len(said)) == (500, 1)


def test_a_packing_date_may_carry_a_time(caller: Caller) -> None:
    """The second of the two forms."""
    assert caller.create(date_for_packing="2025-04-09T14:30:45")["code"] == 0


def test_with_a_list_of_stores_others_do_not_exist(clock: Clock) -> None:
    """Name and country together name a store."""
    sandbox = LingxingSandbox(stores=[Store(7, "8speed-US1", "美国", status=3)])
    with Server({"lingxing": sandbox}, clock=clock) as server:
        caller = Caller(server.url("lingxing"), sandbox, clock)
        caller.login()
        with closing(caller.http):
            assert caller.create()["code"] == 0
            assert details(caller.create(country="德国")) == (500, ["店铺不存在"])
            assert caller.call(SELLERS)["data"] == [{"sid": 7, "name": "8speed-US1", "country": "美国", "status": 3}]


def test_a_store_is_listed_once_it_was_seen(caller: Caller) -> None:
    """Without a list every store is accepted."""
    assert caller.call(SELLERS)["data"] == []
    caller.create()

    assert [(row["name"], row["country"], row["status"]) for row in caller.call(SELLERS)["data"]] == [("8speed-US1", "美国", 1)]


def test_an_order_is_found_by_store_and_number(caller: Caller, sandbox: LingxingSandbox) -> None:
    """With its lines; an order that is not there is left out."""
    caller.create()
    sid = sandbox.ledger[0].store.sid
    asked = [{"sid": sid, "seller_fulfillment_order_id": number} for number in ("1000796", "other")]

    answer = caller.call(PRODUCTS, {"order_info": asked})

    assert answer["data"] == [
        {
            "sid": sid,
            "store_name": "8speed-US1",
            "seller_fulfillment_order_id": "1000796",
            "order_status": "Planning",
            "listing_detail_info": [{"msku": "msku123", "quantity": 1}],
        }
    ]
    assert caller.call(PRODUCTS, {"order_info": asked * 101})["code"] == 102


def test_orders_are_listed_in_pages(caller: Caller, sandbox: LingxingSandbox) -> None:
    """Offset and length cut a page, total counts all that fit the filters."""
    for number in range(5):
        caller.create(order_id=str(number))
    page = {"sids": [sandbox.ledger[0].store.sid], "start_date": "2024-07-08", "end_date": "2024-07-08"}

    answer = caller.call(ORDERS, {**page, "offset": 3, "length": 3})

    assert ([row["seller_fulfillment_order_id"] for row in answer["data"]], answer["total"]) == (["3", "4"], 5)
    assert caller.call(ORDERS, {**page, "start_date": "2024-07-09", "end_date": "2024-07-10"})["total"] == 0
    assert caller.call(ORDERS, {**page, "sids": [1]})["total"] == 0
    assert caller.call(ORDERS, {**page, "sids": 1})["code"] == 102
    assert caller.call(ORDERS, {**page, "length": 1001})["code"] == 102


def test_a_cancelled_order_is_still_there(caller: Caller, sandbox: LingxingSandbox) -> None:
    """Its status says so, and its number stays taken."""
    caller.create()
    key = {"sid": sandbox.ledger[0].store.sid, "seller_fulfillment_order_id": "1000796"}

    assert caller.call(CANCEL, key)["code"] == 0
    assert caller.call(CANCEL, {**key, "seller_fulfillment_order_id": "other"})["code"] == 500
    assert caller.call(ORDERS, {"order_status": ["Cancelled"]})["data"][0]["order_status"] == "CANCELLED"
    assert details(caller.create()) == (500, ["订单号已经存在"])


def test_new_orders_may_be_hidden_for_a_while(caller: Caller, sandbox: LingxingSandbox, clock: Clock) -> None:
    """Look-ups are late; the order number is taken at once."""
    sandbox.visible_after = 30
    caller.create()
    asked = {"order_info": [{"sid": sandbox.ledger[0].store.sid, "seller_fulfillment_order_id": "1000796"}]}

    assert (caller.call(PRODUCTS, asked)["data"], caller.call(ORDERS, {})["data"]) == ([], [])
    assert caller.create()["code"] == 500
    clock.now += 30
    assert len(caller.call(PRODUCTS, asked)["data"]) == len(caller.call(ORDERS, {})["data"]) == 1


def test_a_second_call_in_flight_on_a_path_is_refused(caller: Caller, sandbox: LingxingSandbox) -> None:
    """The bucket holds one token per path; other paths have their own, and the token comes back."""
    sandbox.service_time = 1.0
    answers: list[dict[str, Any]] = []
    first = threading.Thread(target=lambda: answers.append(caller.create()))
    first.start()
    while first.is_alive() and not sandbox.ledger:
        time.sleep(0.01)

    assert caller.create(order_id="2")["code"] == "3001008"
    assert caller.call(SELLERS)["code"] == 0
    first.join()
    assert (answers[0]["code"], caller.create(order_id="2")["code"]) == (0, 0)
    assert (sandbox.max_in_flight[CREATE], sandbox.refusals) == (2, {"3001008": 1})


def test_a_sequential_client_is_never_refused(caller: Caller, sandbox: LingxingSandbox) -> None:
    """The next call may start the moment the last one's answer is in."""
    codes = {caller.create(order_id=str(number))["code"] for number in range(200)}

    assert (codes, len(sandbox.ledger), sandbox.requests[CREATE]) == ({0}, 200, 200)
    assert (sandbox.max_in_flight[CREATE], sandbox.refusals) == (1, {})


@pytest.mark.parametrize("drop", ["before", "headers", "body"])
@pytest.mark.parametrize("entered", [True, False])
def test_a_dropped_create_may_have_been_entered(caller: Caller, sandbox: LingxingSandbox, drop: str, entered: bool) -> None:
    """The client cannot tell; the ledger and the next attempt do."""
    sandbox.fail_next(Fault(CREATE, drop=drop, entered=entered))
    with pytest.raises(httpx.TransportError):
        caller.create()

    assert len(sandbox.ledger) == entered
    assert details(caller.create()) == ((500, ["订单号已经存在"]) if entered else (0, []))


def test_a_lost_call_may_keep_its_token_for_two_minutes(caller: Caller, sandbox: LingxingSandbox, clock: Clock) -> None:
    """As after a client that gave up early."""
    sandbox.fail_next(Fault(CREATE, drop="before", keeps_token=True))
    with suppress(httpx.TransportError):
        caller.create()

    clock.now += 119
    assert caller.create()["code"] == "3001008"
    clock.now += 1
    assert caller.create()["code"] == 0


def test_faults_hit_the_next_calls_of_their_path(caller: Caller, sandbox: LingxingSandbox) -> None:
    """In the order they were given, as often as they were given; calls of other paths are well."""
    sandbox.fail_next(Fault(CREATE, code="3001008"), times=2)
    sandbox.fail_next(Fault(CREATE, code=500, details=("请求连接异常",)))

    assert [caller.create()["code"], caller.call(SELLERS)["code"], caller.create()["code"]] == ["3001008", 0, "3001008"]
    assert details(caller.create()) == (500, ["请求连接异常"])
    assert caller.create()["code"] == 0
    assert sandbox.refusals == {"3001008": 2, "500": 1}


def test_a_fault_may_answer_with_any_status_and_body(caller: Caller, sandbox: LingxingSandbox) -> None:
    """Proxies answer with pages of their own; a cut body may look whole."""
    sandbox.fail_next(Fault(CREATE, status=502, entered=True))
    sandbox.fail_next(Fault(CREATE, body=b'{"code":'))
    body = json.dumps(ORDER, ensure_ascii=False).encode()

    proxy, garbled = caller.send(CREATE, body), caller.send(CREATE, body)

    assert (proxy.status_code, proxy.headers["content-type"], garbled.content) == (502, "text/html", b'{"code":')
    assert len(sandbox.ledger) == 1


def test_a_fault_may_only_delay(caller: Caller, sandbox: LingxingSandbox) -> None:
    """The call takes its effect and its own answer comes, late; also on the token routes."""
    sandbox.fail_next(Fault(delay=0.1), times=2)
    started = time.monotonic()

    assert (caller.login()["code"], caller.create()["code"], len(sandbox.ledger)) == ("200", 0, 1)
    assert time.monotonic() - started >= 0.2


def test_a_call_that_the_gateway_refuses_uses_up_no_fault(caller: Caller, sandbox: LingxingSandbox) -> None:
    """A fault waits for a call that would have gone through."""
    sandbox.fail_next(Fault(CREATE, code=103))

    assert caller.call(CREATE, ORDER, sign="x")["code"] == "2001006"
    assert caller.create()["code"] == 103
