"""The objects that `--json` prints: keys are always there, null when empty. Programs rely on them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bulkorders.core.group import Orders
from bulkorders.core.order import Order
from bulkorders.core.payload import build
from bulkorders.core.provider import Account
from bulkorders.core.refusal import Refusal
from bulkorders.core.result import Totals
from bulkorders.journal.gate import Holder

from .app import App, find_provider, path_text
from .ingest import Checkup, Ingested
from .report import BatchReport, issue_json, outcome_json
from .results import Results

NO_ROWS = {"read": 0, "blank": 0, "valid": 0, "invalid": 0}


def refusal_json(refused: Refusal | None, lang: str) -> dict[str, Any] | None:
    """Why a file was refused."""
    if refused is None:
        return None
    best = refused.best_header
    header = best and {"sheet": best.sheet, "row": best.row, "matched": list(best.matched), "missing": list(best.missing)}
    return {"code": refused.code, "message": refused.message.say(lang), "best_header": header}


def check_json(checkup: Checkup, file: str, lang: str, payloads: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """One file and template of `check --json`."""
    orders = checkup.orders
    valid = len(orders.valid) if orders else 0
    return {
        "file": file,
        "template": checkup.checked.template,
        "refused": refusal_json(checkup.refused, lang),
        "rows": dict(orders.rows) if orders else NO_ROWS,
        "orders": {"read": len(orders.orders), "valid": valid, "invalid": len(orders.orders) - valid}
        if orders
        else {"read": 0, "valid": 0, "invalid": 0},
        "issues": [issue_json(issue, lang) for issue in checkup.issues],
        "payloads": payloads,
    }


def payloads_json(orders: Orders, accounts: Mapping[int, Account | None]) -> list[dict[str, Any]]:
    """The payloads of the valid orders, exactly as they would be sent, each with its account where that is clear."""
    return [_payload_json(order, accounts.get(number), orders) for number, order in enumerate(orders.orders) if order.is_valid]


def _payload_json(order: Order, account: Account | None, orders: Orders) -> dict[str, Any]:
    return {
        "order": order.display,
        "key": order.labelled_key,
        "account": account.name if account else None,
        "rows": [place._asdict() for place in order.places],
        "payload": orjson.Fragment(find_provider(orders.template.name).encode(build(order), account.settings if account else None)),
    }


def refused_json(ingested: Ingested, file: str, lang: str) -> dict[str, Any]:
    """One file of `submit --json` of which no batch was made."""
    orders = ingested.checkup.orders
    return {
        "batch": None,
        "file": file,
        "template": ingested.checkup.checked.template,
        "refused": refusal_json(ingested.refused, lang),
        "accounts": [],
        "rows": dict(orders.rows) if orders else NO_ROWS,
        "issues": [issue_json(issue, lang) for issue in ingested.checkup.issues],
        "orders": Totals.count(0, ()).as_json(),
        "results": None,
        "written": None,
        "outcomes": [],
    }


def batch_json(
    app: App, report: BatchReport, lang: str, *, file: str | None = None, results: Results | None = None,
    holders: Mapping[str, Holder] | None = None, outcomes: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """One batch of `submit`, `resume` and `status`."""
    names = dict.fromkeys(order.account for order in report.orders if order.account)
    found = {
        "batch": report.batch.id,
        "file": file or report.batch.file,
        "template": report.batch.template,
        "refused": None,
        "accounts": [{"name": name, "holder": _holder_json(app, (holders or {}).get(name))} for name in names],
        "rows": dict(report.batch.rows),
        "issues": [issue_json(issue, lang) for _, issue in report.issues],
        "orders": report.totals.as_json(),
        "results": path_text(results.path) if results else None,
        "written": results.way if results else None,
    }
    return {**found, "outcomes": [outcome_json(app, order, lang) for order in report.orders]} if outcomes else found


def _holder_json(app: App, holder: Holder | None) -> dict[str, Any] | None:
    if holder is None:
        return None
    return {"host": holder.host, "pid": holder.pid, "since": holder.since.astimezone(app.timezone).isoformat(timespec="seconds")}


def dumps(found: Mapping[str, Any]) -> bytes:
    """One line of JSON in UTF-8."""
    return orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE)
