"""What became of an order: its fate, the words for it, and totals that balance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .cell import shown, trim
from .order import Status
from .words import Words


class Fate(StrEnum):
    """A batch's view of one of its orders."""

    CREATED = "created"
    SKIPPED = "skipped"
    ACCEPTED = "accepted"
    INVALID = "invalid"
    CHANGED = "changed"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    UNSENT = "unsent"


FATE_WORDS: Mapping[Fate, Words] = {
    Fate.CREATED: Words("已创建", "created"),
    Fate.SKIPPED: Words("已跳过", "skipped"),
    Fate.ACCEPTED: Words("已受理", "accepted"),
    Fate.INVALID: Words("数据有误", "invalid"),
    Fate.CHANGED: Words("内容已变", "changed"),
    Fate.REJECTED: Words("被拒绝", "rejected"),
    Fate.IN_DOUBT: Words("待核实", "in doubt"),
    Fate.UNSENT: Words("未发送", "unsent"),
}

FATE_MEANING: Mapping[Fate, Words] = {
    Fate.CREATED: Words("平台已经建好这一单", "the remote has created it"),
    Fate.SKIPPED: Words("以前已经建好，内容相同，这次没有再发", "created before with the same content, not sent again"),
    Fate.ACCEPTED: Words("平台已收下，还在处理", "the remote has taken it and is at work"),
    Fate.INVALID: Words("表里有错，没有发送", "the sheet has mistakes, it was not sent"),
    Fate.CHANGED: Words("平台上已有这一单，这次的内容不同，没有发送或没有改成", "there with other content, not sent or not modified"),
    Fate.REJECTED: Words("平台拒绝了这一单，没有建", "the remote refused it"),
    Fate.IN_DOUBT: Words("平台没有答清楚，不知道建没建，问清之前不会再发", "the answer was unclear; not sent again before that is settled"),
    Fate.UNSENT: Words("还没有发送", "not sent yet"),
}

_OF_STATUS: Mapping[Status, Fate] = {
    Status.PENDING: Fate.UNSENT,
    Status.SENDING: Fate.IN_DOUBT,
    Status.CREATED: Fate.CREATED,
    Status.ACCEPTED: Fate.ACCEPTED,
    Status.REJECTED: Fate.REJECTED,
    Status.IN_DOUBT: Fate.IN_DOUBT,
}


def fate_of(status: Status) -> Fate:
    """The fate of an order that stands at `status`."""
    return _OF_STATUS[status]


RESULT_COLUMNS: Mapping[str, str] = {
    "status": "提交状态",
    "reason": "结果说明",
    "tracking_number": "跟踪号",
    "carrier": "服务商",
    "rows": "订单行",
    "request_id": "请求ID",
    "submitted_at": "提交时间",
    "batch": "批次",
}
"""The columns that we add to the right of the merchant's own, by what they hold."""
TRACKING_COLUMNS = frozenset({"tracking_number", "carrier"})
"""Those that only orders with a tracking number have."""
ORIGIN_LABEL = "原行"
"""Where a row of 失败明细 comes from: a third column of ours there."""
RESULT_LABELS = frozenset({*RESULT_COLUMNS.values(), ORIGIN_LABEL})


_TELLING = frozenset({*(RESULT_COLUMNS[name] for name in ("status", "reason", "rows", "request_id")), ORIGIN_LABEL})


def our_labels(labels: Iterable[str]) -> frozenset[str]:
    """Those of a header's labels that an earlier results workbook brought, wherever they stand and however often.

    A merchant may have a 批次, a 跟踪号 or a 订单行 of his own; they are ours only where two of our more telling columns are left.
    """
    found = RESULT_LABELS.intersection(labels)
    return found if len(found & _TELLING) > 1 else frozenset()


SUMMARY_SHEET = "汇总"
SUMMARY_TITLE = f"提交结果{SUMMARY_SHEET}"
"""How the first cell of our summary begins, by which an earlier one is known again."""
FAILURES_SHEET = "失败明细"
FAILURES_TITLE = FAILURES_SHEET
"""How the first cell of the sheet of failed orders begins."""
UNDO_SHEET = "撤销清单"
UNDO_TITLE = UNDO_SHEET
"""How the first cell of the list of what was created begins."""
_TITLES: Mapping[str, str] = {SUMMARY_SHEET: SUMMARY_TITLE, FAILURES_SHEET: FAILURES_TITLE, UNDO_SHEET: UNDO_TITLE}


def is_ours(sheet_name: str, first_cell: object) -> bool:
    """Whether a sheet is one that an earlier results workbook brought: named like it, be it `汇总 (2)`, and begun with its title."""
    text = trim(shown(first_cell))
    return any(sheet_name.startswith(name) and text.startswith(title) for name, title in _TITLES.items())


@dataclass(frozen=True)
class Totals:
    """How many orders had which fate. They sum to the orders read: the books balance."""

    read: int
    by_fate: Mapping[Fate, int]

    @classmethod
    def count(cls, read: int, fates: Iterable[Fate]) -> "Totals":
        """Counts fates. Raises ValueError when they do not sum to `read`: an order would be lost or told twice."""
        by_fate = dict.fromkeys(Fate, 0)
        for fate in fates:
            by_fate[fate] += 1
        if sum(by_fate.values()) != read:
            raise ValueError(f"{sum(by_fate.values())} fates for {read} orders")
        return cls(read, by_fate)

    def as_json(self) -> dict[str, int]:
        """`{"read", <the fates>}`."""
        return {"read": self.read, **{fate.value: count for fate, count in self.by_fate.items()}}


def exit_code(fates: Iterable[Fate], *, errors: bool = False, follow: bool = True) -> int:
    """The exit code of one batch: 5 unfinished, 4 finished with orders that need the merchant, 0 all well."""
    seen = set(fates)
    unfinished = {Fate.IN_DOUBT, Fate.UNSENT} | ({Fate.ACCEPTED} if follow else set())
    if seen & unfinished:
        return 5
    return 4 if errors or seen & {Fate.INVALID, Fate.CHANGED, Fate.REJECTED} else 0


_PRECEDENCE = (1, 2, 130, 5, 3, 4, 0)


def first_exit_code(codes: Iterable[int]) -> int:
    """Of several exit codes the first that occurred in the order 1, 2, 130, 5, 3, 4, 0."""
    found = set(codes)
    return next((code for code in _PRECEDENCE if code in found), 0)
