"""The API from the first upload to the results, as other systems use it."""

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from foreign import LABELS, line
from house import ANNA, BEN, MESSY, ROOT, Guest, House, book, house, make_shared, orders  # noqa: F401  # a fixture
from making import draft, new_batch

from bulkorders.core.cell import column_letter
from bulkorders.journal.batches import add_draft


@pytest.fixture(name="anna", scope="module")
def make_anna(shared: House) -> Guest:
    """A program of an operator's."""
    return shared.program(ANNA)


def letter(label: str) -> str:
    """The column of a label in our workbooks."""
    return column_letter(list(LABELS).index(label) + 1)


def read_results(guest: Guest, batch: str, folder: Path, sheet: str = "Sheet") -> list[dict[str, Any]]:
    """The rows of the results workbook by label."""
    answer = guest.call("GET", f"/batches/{batch}/results")
    assert answer.status_code == 200, answer.text
    path = folder / f"{batch}.xlsx"
    path.write_bytes(answer.content)
    heading, *rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in rows]


def test_a_faulty_workbook_is_mended_and_sent(anna: Guest, tmp_path: Path) -> None:
    """Uploaded, looked at, corrected in its cells, submitted, followed to its end; the results have the corrections."""
    rows = [line("E-1"), line("E-2", 发货量="many"), line("E-3", MSKU=None)]
    batch = anna.draft("faulty.xlsx", book(rows, tmp_path))
    found = anna.call("GET", f"/batches/{batch}", params={"outcomes": 1}).json()
    assert (found["state"], found["by_whom"], found["template"], found["orders"]["invalid"]) == ("draft", ANNA, "lingxing-mcf", 2)
    assert [outcome["status"] for outcome in found["outcomes"]] == ["unsent", "invalid", "invalid"]
    issues = anna.call("GET", f"/batches/{batch}/issues").json()
    cells = {f"{issue['column']}{issue['row']}" for issue in issues["issues"] if issue["severity"] == "error"}
    assert cells == {f"{letter('发货量')}3", f"{letter('MSKU')}4"}

    refused = anna.call("POST", f"/batches/{batch}/submit", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_submitted")
    grid = anna.call("GET", f"/batches/{batch}/cells", params={"first": 1, "count": 10}).json()
    assert (grid["sheet"], grid["header_row"], grid["first"], grid["last"]) == ("Sheet", 1, 1, 4)
    at = grid["columns"].index(letter("发货量"))
    assert [row["cells"][at] for row in grid["rows"]] == ["发货量", "1", "many", "1"]
    assert grid["marks"]["3"][letter("发货量")][0]["severity"] == "error"

    change = [{"sheet": "Sheet", "row": 3, "column": letter("发货量"), "text": "7"}]
    answer = anna.call("PATCH", f"/batches/{batch}/cells", json=change)
    assert answer.json() == {"orders": {"read": 3, "valid": 2, "invalid": 1}}
    change = [{"sheet": "Sheet", "row": 4, "column": letter("MSKU"), "text": "msku-9"}]
    assert anna.call("PATCH", f"/batches/{batch}/cells", json=change).json() == {"orders": {"read": 3, "valid": 3, "invalid": 0}}
    assert anna.call("GET", f"/batches/{batch}/cells").json()["rows"][2]["cells"][at] == "7"

    assert anna.call("POST", f"/batches/{batch}/submit", json={}).json() == {"batches": [batch]}
    done = anna.until(f"/batches/{batch}/progress", "state", "done")
    assert (done["read"], done["counts"]["created"]) == (3, 3)
    assert {each["order"] for each in done["latest"]} == {"E-1", "E-2", "E-3"}
    sheet = read_results(anna, batch, tmp_path)
    assert [(row["订单号"], row["发货量"], row["MSKU"], row["提交状态"]) for row in sheet] == [
        ("E-1", 1, "msku-1", "已创建（测试）"), ("E-2", 7, "msku-1", "已创建（测试）"), ("E-3", 1, "msku-9", "已创建（测试）"),
    ]  # fmt: skip
    late = anna.call("PATCH", f"/batches/{batch}/cells", json=change)
    assert (late.status_code, late.json()["code"]) == (409, "not_possible")


def test_only_the_good_ones(anna: Guest, tmp_path: Path) -> None:
    """With the bad ones left where they are."""
    batch = anna.draft("some.xlsx", book([line("G-1"), line("G-2", 发货量="many")], tmp_path))
    assert anna.call("POST", f"/batches/{batch}/submit", json={"only_good": True}).status_code == 202
    counts = anna.until(f"/batches/{batch}/progress", "state", "done")["counts"]
    assert (counts["created"], counts["invalid"]) == (1, 1)
    only = anna.call("GET", f"/batches/{batch}/orders", params={"status": "invalid"}).json()
    assert (only["total"], [order["order"] for order in only["orders"]], only["orders"][0]["values"]) == (1, ["G-2"], None)


def test_the_orders_as_they_will_be_sent(anna: Guest) -> None:
    """By level and label, in the units of the sheet: cartons with what is in them."""
    batch = anna.draft("fba.xlsx", (MESSY / "chukou1-fba" / "orders.xlsx").read_bytes())
    expected = json.loads((MESSY / "chukou1-fba" / "orders.expected.json").read_text(encoding="utf-8"))[0]
    found = anna.call("GET", f"/batches/{batch}/orders").json()
    assert [order["order"] for order in found["orders"]] == [each["order"] for each in expected["payloads"]]
    values, payload = found["orders"][0]["values"], expected["payloads"][0]["payload"]
    (cartons,) = values["children"]
    assert (cartons["level"], len(cartons["elements"])) == ("ContainerInfos", len(payload["ContainerInfos"]))
    first = {field["label"]: field["value"] for field in cartons["elements"][0]["fields"]}
    grams = Decimal(str(payload["ContainerInfos"][0]["Weight"]))
    assert Decimal(first["箱重(kg)"]) * 1000 == grams
    (skus,) = cartons["elements"][0]["children"]
    named = {field["label"]: field["value"] for field in skus["elements"][0]["fields"]}
    assert named["SKU"] == payload["ContainerInfos"][0]["SkuInfos"][0]["Sku"]
    assert named["是否带电"] in ("是", "否")
    part = anna.call("GET", f"/batches/{batch}/orders", params={"from": 1, "count": 1}).json()
    assert (part["total"], part["orders"]) == (found["total"], found["orders"][1:2])
    assert anna.call("DELETE", f"/batches/{batch}").status_code == 204
    assert anna.call("GET", f"/batches/{batch}").status_code == 404


def test_sure_corrections_are_taken_at_once(anna: Guest) -> None:
    """All of them, with one call."""
    batch = anna.draft("mistakes.xlsx", (MESSY / "lingxing-mcf" / "mistakes.xlsx").read_bytes())
    before = anna.call("GET", f"/batches/{batch}").json()["orders"]
    after = anna.call("POST", f"/batches/{batch}/suggestions").json()["orders"]
    assert after["read"] == before["read"]
    assert after["invalid"] <= before["invalid"]
    assert anna.call("POST", f"/batches/{batch}/suggestions").json()["orders"] == after


def test_a_batch_is_as_the_command_line_has_it(shared: House, anna: Guest, tmp_path: Path) -> None:
    """The same keys and values, and how it stands besides."""
    from bulkorders.pipeline.objects import batch_json, dumps
    from bulkorders.pipeline.report import report_batch

    batch = anna.draft("same.xlsx", book([line("S-1"), line("S-2", 发货量="x"), line("S-3")], tmp_path))
    for outcomes in (False, True):
        told = json.loads(dumps(batch_json(shared.app, report_batch(shared.app, batch), "zh", outcomes=outcomes)))
        found = anna.call("GET", f"/batches/{batch}", params={"outcomes": int(outcomes)}).json()
        assert {name: found.pop(name) for name in told} == told
        assert set(found) == {"state", "by_whom", "siblings", "progress"}


def test_a_large_batch_is_told_without_loading_its_orders(shared: House) -> None:
    """Programs ask for it again and again: that must not take what a list of its orders takes."""
    add_draft(shared.app.journal, new_batch("large", *(draft(f"L-{number}") for number in range(5_000))), shared.app.clock.now())
    root, took = shared.guest(ROOT), list[float]()
    for outcomes in (0, 1):
        began = time.monotonic()
        found = root.call("GET", "/batches/large", params={"outcomes": outcomes}).json()
        took.append(time.monotonic() - began)
        assert (found["orders"]["read"], len(found.get("outcomes", ()))) == (5_000, 5_000 * outcomes)
    assert took[0] < took[1] / 2


def test_where_several_accounts_fit_one_is_chosen_at_the_upload(tmp_path: Path) -> None:
    """Who has not chosen is told to, in words of the page, which has a field for it."""
    content = (MESSY / "chukou1-fba" / "orders.xlsx").read_bytes()
    with house(tmp_path, also=["second"]) as found:
        anna = found.guest(ANNA)
        message = anna.checked("f.xlsx", content)["refused"]["message"]
        assert "请在上传时选一个账号" in message
        page = anna.get("/").text
        assert "<option>second</option>" in page
        assert message in page
        sent = anna.client.post("/uploads", data={"csrf": anna.csrf, "account": "second"}, files={"file": ("f.xlsx", content)})
        upload = anna.until(f"/uploads/{sent.headers['location'].rpartition('/')[2]}", "state", "checked")
        (batch,) = upload["batches"]
        assert {each["account"] for each in anna.call("GET", f"/batches/{batch}/orders").json()["orders"]} == {"second"}


def test_two_templates_in_one_workbook_go_together(anna: Guest, tmp_path: Path) -> None:
    """Each knows of the other; submitting one releases both; their results are one workbook."""
    made = openpyxl.load_workbook(MESSY / "chukou1-fba" / "orders.xlsx")
    sheet = made.create_sheet("Sheet")
    sheet.append(list(LABELS))
    sheet.append([line("T-1").get(label) for label in LABELS])
    made.save(tmp_path / "both.xlsx")
    upload = anna.checked("both.xlsx", (tmp_path / "both.xlsx").read_bytes())
    first, second = upload["batches"]
    assert anna.call("GET", f"/batches/{first}").json()["siblings"] == [second]
    answer = anna.call("POST", f"/batches/{second}/submit", json={"only_good": True})
    assert sorted(answer.json()["batches"]) == sorted([first, second])
    for batch in (first, second):
        anna.until(f"/batches/{batch}/progress", "state", "done", "sending")
    assert anna.call("GET", f"/batches/{first}/results").status_code == 200


def test_messages_come_in_the_callers_language(anna: Guest, shared: House) -> None:
    """By the address, else by what was chosen, else by the browser's first language."""
    asked = {"zh": {}, "en": {"accept-language": "en-GB,en;q=0.9,zh;q=0.8"}}
    said = {lang: anna.call("GET", "/batches/no", headers=headers).json()["message"] for lang, headers in asked.items()}
    assert said["en"].isascii()
    assert not said["zh"].isascii()
    assert anna.call("GET", "/batches?lang=en&page=0").json()["message"].isascii()
    guest = shared.guest(BEN)
    assert 'lang="zh-CN"' in guest.get("/").text
    assert 'lang="en"' in guest.get("/?lang=en").text
    assert 'lang="en"' in guest.get("/history").text
    assert guest.call("GET", "/batches/no").json()["message"].isascii()
    assert 'lang="zh-CN"' in guest.get("/?lang=zh").text


def cell(**changed: object) -> dict[str, Any]:
    """A correction, as JSON."""
    return {"json": [{"sheet": "Sheet", "row": 2, "column": "A", "text": "x", **changed}]}


def typed(content: bytes) -> dict[str, Any]:
    """JSON written by hand."""
    return {"content": content, "headers": {"content-type": "application/json"}}


BATCH, CELLS, SUBMIT = "/batches/{batch}", "/batches/{batch}/cells", "/batches/{batch}/submit"
LARGE = {"content": b"x" * (5 * 1024 * 1024)}


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/batches?page=0", {}, 422, "wrong_fields"), ("GET", "/batches?pages=1", {}, 422, "wrong_fields"),
        ("GET", "/batches?status=lost", {}, 422, "wrong_fields"), ("GET", "/batches?since=2025-13-01", {}, 422, "wrong_fields"),
        ("GET", f"{BATCH}/orders?from=-1", {}, 422, "wrong_fields"), ("GET", f"{BATCH}/issues?count=501", {}, 422, "wrong_fields"),
        ("GET", f"{CELLS}?sheet=no", {}, 404, "no_sheet"), ("GET", f"{CELLS}?first=0", {}, 422, "wrong_fields"),
        ("POST", SUBMIT, {"json": {"only_goods": True}}, 422, "wrong_fields"),
        ("POST", SUBMIT, {"json": {"only_good": "true"}}, 422, "wrong_fields"), ("POST", SUBMIT, {"json": []}, 422, "wrong_fields"),
        ("POST", f"{BATCH}/resume", {}, 409, "not_possible"), ("POST", SUBMIT, typed(b"{"), 400, "not_json"),
        ("POST", SUBMIT, typed(b"[" * 100_000), 400, "unreadable"), ("POST", SUBMIT, typed(b'"\\ud800"'), 422, "wrong_fields"),
        ("PATCH", CELLS, {"json": []}, 422, "wrong_fields"), ("PATCH", CELLS, cell(column="a"), 422, "wrong_fields"),
        ("PATCH", CELLS, cell(row="2"), 422, "wrong_fields"), ("PATCH", CELLS, cell(text="x" * 32_768), 422, "wrong_fields"),
        ("PATCH", CELLS, cell(more=1), 422, "wrong_fields"), ("PATCH", CELLS, cell(row=99), 409, "not_possible"),
        ("PATCH", CELLS, cell(sheet="No"), 409, "not_possible"), ("PATCH", CELLS, cell(column="ZZ"), 409, "not_possible"),
        ("PUT", "/batches", {}, 405, "wrong_method"), ("GET", "/nothing", {}, 404, "not_found"),
        ("GET", "/templates/no", {}, 404, "not_found"), ("POST", SUBMIT, LARGE, 413, "too_large"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    anna: Guest, tmp_path_factory: pytest.TempPathFactory, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    """A status, a code for programs, a sentence for people; what was sent is not quoted."""
    batch = _draft(anna, tmp_path_factory)
    answer = anna.call(method, path.format(batch=batch), **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()) == {"code", "message"}
    assert answer.json()["message"].endswith(("。", "."))


_DRAFTS: dict[int, str] = {}


def _draft(guest: Guest, folders: pytest.TempPathFactory) -> str:
    """One draft for all of them."""
    if id(guest) not in _DRAFTS:
        _DRAFTS[id(guest)] = guest.draft("wrong.xlsx", orders(folders.mktemp("wrong"), "W-1"))
    return _DRAFTS[id(guest)]


def test_what_is_looked_for_is_found(tmp_path: Path) -> None:
    """By a part of an order's number or a file's name, by what became of it, by day."""
    with house(tmp_path) as found:
        anna = found.program(ANNA)
        sent = anna.draft("march.xlsx", orders(tmp_path, "M-100", "M-200"))
        anna.call("POST", f"/batches/{sent}/submit", json={})
        anna.until(f"/batches/{sent}/progress", "state", "done")
        draft = anna.draft("april.xlsx", orders(tmp_path, "P-300"))

        def looked_for(**asked: str) -> list[str]:
            answer = anna.call("GET", "/batches", params=asked).json()
            assert answer["total"] == len(answer["batches"])
            return [each["batch"] for each in answer["batches"]]

        assert looked_for() == [draft, sent]
        assert looked_for(text="M-2") == looked_for(text="march") == looked_for(status="created") == looked_for(status="done") == [sent]
        assert looked_for(status="draft") == looked_for(text="april") == [draft]
        today = found.app.clock.now().astimezone(found.app.timezone).date().isoformat()
        assert looked_for(since=today, until=today) == [draft, sent]
        assert looked_for(until="2020-01-01") == looked_for(text="nothing") == []
        assert len(found.guest(ANNA).get("/history?status=lost&since=x&page=-1&until=9999-12-31").text) > 1000


def test_an_account_is_paused_and_goes_on(tmp_path: Path) -> None:
    """By the administrator's forms: what was submitted meanwhile waits, and goes out then."""
    with house(tmp_path) as found:
        anna, root = found.program(ANNA), found.guest(ROOT)
        assert root.post("/accounts/lingxing/pause").status_code == 303
        assert [each["paused"] for each in anna.call("GET", "/accounts").json() if each["name"] == "lingxing"] == [True]
        batch = anna.draft("a.xlsx", orders(tmp_path, "P-1"))
        anna.call("POST", f"/batches/{batch}/submit", json={})
        held = anna.until(f"/batches/{batch}/progress", "state", "paused")
        assert held["paused"] is not None
        assert root.get(f"/batches/{batch}").status_code == 200
        assert root.post("/accounts/lingxing/unpause").status_code == 303
        assert anna.until(f"/batches/{batch}/progress", "state", "done")["counts"]["created"] == 1
        assert root.post("/accounts/nobody/pause").status_code == 404


def test_forms_do_what_the_api_does(tmp_path: Path) -> None:
    """Without a script: uploaded, submitted, looked at, downloaded; another draft dropped."""
    with house(tmp_path) as found:
        anna = found.guest(ANNA)
        sent = anna.client.post(
            "/uploads", data={"csrf": anna.csrf}, files={"file": ("f.xlsx", book([line("F-1"), line("F-2", 发货量="x")], tmp_path))}
        )
        anna.until(f"/uploads/{sent.headers['location'].rpartition('/')[2]}", "state", "checked")
        at = anna.get(sent.headers["location"]).headers["location"]
        refused = anna.post(f"{at}/submit", only_good="0")
        assert refused.status_code == 409
        assert "只提交没有问题的订单" in refused.text
        assert anna.post(f"{at}/submit", only_good="1").headers["location"] == at
        anna.until(f"{at}/progress", "state", "done")
        page = anna.get(at)
        assert page.status_code == 200
        assert anna.get(f"{at}/orders/0").status_code == 200
        assert [anna.get(f"{at}/orders/{position}").status_code for position in ("2", "-1", "x", "９", "1e3", "99999999999")] == [404] * 6
        assert anna.get(f"{at}/results.xlsx").status_code == 200
        assert anna.post(f"{at}/drop").status_code == 409
        assert anna.post(f"{at}/resume").status_code == 303
        other = anna.draft("g.xlsx", orders(tmp_path, "F-3"))
        assert anna.post(f"/batches/{other}/drop").headers["location"] == "/"
        assert anna.get(f"/batches/{other}").status_code == 404
        assert anna.get("/templates/lingxing-mcf.xlsx").content[:2] == b"PK"
        assert anna.get("/templates/no.xlsx").status_code == 404


def test_the_stream_tells_how_it_goes(tmp_path: Path) -> None:
    """Events as they come, up to the end."""
    with house(tmp_path) as found:
        anna = found.program(ANNA)
        batch = anna.draft("s.xlsx", orders(tmp_path, *(f"S-{number}" for number in range(5))))
        found.sandbox.control.imitations["lingxing"].service_time = 0.5
        states: list[str] = []
        with anna.client.stream("GET", f"/api/v1/batches/{batch}/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for text in stream.iter_lines():
                if text.startswith("data: "):
                    told = json.loads(text.removeprefix("data: "))
                    assert sum(told["counts"].values()) == told["read"] == 5
                    states.append(told["state"])
                    if states == ["draft"]:
                        found.program(ANNA).call("POST", f"/batches/{batch}/submit", json={})
                    if told["state"] == "done":
                        break
        assert states[0] == "draft"
        assert "sending" in states
