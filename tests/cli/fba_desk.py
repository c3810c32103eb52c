"""A merchant's desk for FBA shipments: a folder, somebody else's strict server for Chukou1, and the program as a real process."""

import datetime as dt
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk import Desk, Ran
from foreign_chukou1 import CANARIES, FIXED, OAUTH, READY, ForeignChukou1, serve_chukou1
from shapes import BATCH, FATES, OUTCOME, assert_batch, assert_chinese

ORDER_FIELDS: Mapping[str, str] = {
    "FBA仓库代码": "WarehouseCode", "货件编号": "ShipmentId", "亚马逊参考编号": "ReferenceId", "包裹ID": "PackageId", "处理点": "Location",
    "发货服务代码": "ServiceCode", "客户自定义": "Custom", "VAT号": "VatCode", "备注": "Remark",
}  # fmt: skip
CARTON_FIELDS: Mapping[str, str] = {
    "箱号": "CustomContainerNo", "箱重(kg)": "Weight", "箱长(cm)": "Length", "箱宽(cm)": "Width", "箱高(cm)": "Height",
}  # fmt: skip
SKU_FIELDS: Mapping[str, str] = {
    "SKU": "Sku", "图片链接": "Picture", "是否带电": "Charged", "ASIN": "ASINCode", "型号": "ModelName", "英文申报名称": "DeclareNameEN",
    "中文申报名称": "DeclareNameCN", "数量": "Quantity", "申报价值(USD)": "DeclareValue", "英文材质": "MaterialEN",
    "中文材质": "MaterialCN", "英文用途": "PurposeEN", "中文用途": "PurposeCN", "品牌": "BrandName", "单件重量(kg)": "Weight",
    "包装尺寸(cm)": "Packing", "海关编码": "HsCode",
}  # fmt: skip
FBA_LABELS = (*ORDER_FIELDS, *CARTON_FIELDS, *SKU_FIELDS)
OPTIONAL = frozenset({"客户自定义", "VAT号", "备注", "是否带电", "ASIN"})
Row = dict[str, Any]


def shipment(package: object, changed: Mapping[str, object] | None = None, **more: object) -> Row:
    """A row with the required fields only, by label: carton C1 with one SKU; None takes a field away."""
    row = {
        "FBA仓库代码": "ABE2", "货件编号": "FBA15DKXYZ01", "亚马逊参考编号": "7HQZ21KD", "处理点": "GZ", "发货服务代码": "CUE",
        **carton(package, "C1"), **(changed or {}), **more,
    }  # fmt: skip
    return {label: value for label, value in row.items() if value is not None}


def carton(package: object, number: object, changed: Mapping[str, object] | None = None, **more: object) -> Row:
    """A further row of a shipment: a carton with one SKU, the rest of the shipment blank."""
    row = {**sku(package, number, "sku-1"), "箱重(kg)": 12.5, "箱长(cm)": 40, "箱宽(cm)": 30, "箱高(cm)": 25.5, **(changed or {}), **more}
    return {label: value for label, value in row.items() if value is not None}


def sku(package: object, number: object, name: object, changed: Mapping[str, object] | None = None, **more: object) -> Row:
    """A further row of a carton: one SKU, the rest of the shipment and of the carton blank."""
    row = {
        "包裹ID": package, "箱号": number, "SKU": name, "图片链接": "https://img.example.com/1.jpg", "型号": "M-1",
        "英文申报名称": "Phone case", "中文申报名称": "手机壳", "数量": 10, "申报价值(USD)": 2.5, "英文材质": "Plastic", "中文材质": "塑料",
        "英文用途": "Protection", "中文用途": "保护", "品牌": "None-such", "单件重量(kg)": 0.25, "包装尺寸(cm)": "20*10*5",
        "海关编码": "3926909090", **(changed or {}), **more,
    }  # fmt: skip
    return {label: value for label, value in row.items() if value is not None}


def assert_fba_batch(line: Mapping[str, Any]) -> None:
    """One line of `submit --json` or `resume --json`, of either template."""
    if line["template"] == "lingxing-mcf":
        assert_batch(line)
        return
    assert list(line) == BATCH
    assert_batch({name: value for name, value in line.items() if name != "outcomes"}, outcomes=False)
    orders = line["orders"]
    assert Counter(outcome["status"] for outcome in line["outcomes"]) == {fate: orders[fate] for fate in FATES if orders[fate]}
    for outcome in line["outcomes"]:
        _assert_outcome(outcome)


def _assert_outcome(outcome: Mapping[str, Any]) -> None:
    assert list(outcome) == OUTCOME
    status = outcome["status"]
    assert outcome["key"] == {"包裹ID": outcome["order"]}
    assert (status == "invalid") == (outcome["account"] is None)
    assert type(outcome["attempts"]) is int
    assert outcome["rows"]
    assert [list(row) for row in outcome["rows"]] == [["sheet", "row"]] * len(outcome["rows"])
    for name in ("remote_id", "tracking_number", "request_id"):
        assert outcome[name] is None or (isinstance(outcome[name], str) and outcome[name].strip() == outcome[name] != "")
    if status == "created":
        assert outcome["remote_id"]
        assert outcome["tracking_number"]
    if status in ("created", "accepted"):
        assert outcome["submitted_at"]
        assert outcome["attempts"] >= 1
    if status != "created" and (status != "unsent" or outcome["message"]):
        assert_chinese(outcome["message"])
    if outcome["submitted_at"] is not None:
        at = dt.datetime.fromisoformat(outcome["submitted_at"])
        assert at.utcoffset() == dt.timedelta(hours=8)
        assert abs(dt.datetime.now(dt.UTC) - at) < dt.timedelta(minutes=5)


@dataclass
class FbaDesk(Desk):
    """A desk whose account `main` is at `remote`."""

    remote: ForeignChukou1 = field(default_factory=ForeignChukou1)

    def table(self, **settings: object) -> dict[str, object]:
        """The account's table; quick, because nothing here needs the usual pace."""
        usual = {"provider": "chukou1", "base_url": self.url, "token": FIXED, "max_per_second": 200, "follow_minutes": 1}
        return {**usual, **settings}

    def configure(self, **settings: object) -> None:
        """Writes `bulkorders.toml` with one account; `None` takes a setting away."""
        self.configure_all({"main": self.table(**settings)})

    def configure_oauth(self, **settings: object) -> None:
        """The same with an application's keys in place of the fixed token."""
        self.configure(token=None, **OAUTH, **settings)

    def write(self, name: str, rows: Sequence[Mapping[str, Any]], labels: Sequence[str] = FBA_LABELS, above: int = 0) -> Path:
        """A workbook with one sheet of this template."""
        return super().write(name, rows, labels, above)

    def finish(self, process: subprocess.Popen[bytes], code: int | None = None) -> Ran:
        """Waits for the program; no token and no secret is ever said."""
        ran = super().finish(process, code)
        assert [canary for canary in CANARIES if canary in ran.out + ran.err] == []
        return ran

    def payloads(self, *arguments: str | Path) -> dict[str, Any]:
        """What `check --payloads` shows, by PackageId."""
        return {each["order"]: each["payload"] for each in self.run("check", "--json", "--payloads", *arguments).one["payloads"]}

    def results(self, name: str, sheet: str = "Sheet") -> list[dict[str, Any]]:
        """The rows of a results workbook, by label, empty cells left out."""
        heading, *rows = openpyxl.load_workbook(self.folder / name)[sheet].iter_rows(values_only=True)
        return [{str(label): value for label, value in zip(heading, row, strict=True) if label and value is not None} for row in rows]

    @staticmethod
    def _shaped(ran: Ran) -> Ran:
        for line in ran.lines:
            assert_fba_batch(line)
        return ran


@pytest.fixture(name="fba")
def make_fba(tmp_path: Path) -> Iterator[FbaDesk]:
    """A desk with one account at a fresh server that has a number at once; at the end nothing wrong was ever asked of it."""
    remote = ForeignChukou1(usual=READY)
    with serve_chukou1(remote) as url:
        at = FbaDesk(tmp_path, url=url, remote=remote)
        at.configure()
        yield at
        remote.assert_in_order()
