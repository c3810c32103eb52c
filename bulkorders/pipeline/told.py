"""What is said of an order's outcome: whole sentences that say what follows."""

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.result import Fate
from bulkorders.core.words import Words

_DOUBT = Words(
    "{reason}，不知道建了没有：请先到平台上核对这一单，核实之前程序不会再发。",
    "{reason}; it may have been created: look it up at the remote; it is not sent again until that is settled.",
)
_ASKED = Words(
    "{reason}，不知道建了没有：程序会先问平台，问清之前不会再发，请稍后运行 resume。",
    "{reason}; it may have been created: the remote is asked first, run resume later.",
)
_THERE_NOW = Words(
    "平台说已有这个编号，可能就是这一单：程序会核对内容，请稍后运行 resume。",
    "The remote has this number, perhaps from this very order: it is being compared, run resume later.",
)
_REFUSED_IN_DOUBT = Words(
    "前一次没有答清楚，可能已经建了；再发时的回答是「{reason}」：请到平台上核对这一单，或过十分钟运行 resume，程序会接着核实。",
    "An attempt was not answered clearly and may have created it; sent again it was answered: {reason}. Look it up at the remote, "
    "or run resume in ten minutes, which goes on asking.",
)
_UNLISTED = Words(
    "{reason}，没法先查这一单，没有发送：请核对后再提交。",
    "{reason}, so it could not be looked up and was not sent: check it and submit again.",
)
_LATER = Words("{reason}，没有处理这一单：稍后会再发。", "{reason}; the order was not processed and will be sent again.")
_FOREIGN = Words(
    "平台上已有这个编号，流水账里没有建过它的记录，没有发送：请先到平台上核对，{remedy}。",
    "The remote has it already and the journal does not know of it; not sent: check it there, {remedy}.",
)
_MODIFY = Words("要用这次的内容修改它，请加 --update 再提交", "or submit with --update to modify it")
_RENUMBER = Words("要另建请换一个新的编号", "or use another number")
_SAME = Words("平台上已有这一单，商品和数量相同，没有再发。", "The remote has it already, with the same lines; not sent again.")
_IGNORED = Words(
    "平台没有修改：它认为内容没有变，或这一单已经不能改，请到平台上核对。",
    "The remote did not modify it: it sees no change, or it can no longer be changed; check it there.",
)
ABSENT = Words("平台上没有这一单，会用同样的内容再发。", "The remote does not have it; it will be sent again as it was.")
NEVER_ARRIVED = Words(
    "平台答过已收下，却一直查不到这一单：程序会核实，没有就用同样的内容再发，请稍后运行 resume。",
    "The remote said that it took the order, and never shows it: it is looked up and, if absent, sent again as it was; run resume later.",
)
STILL_ABSENT = Words(
    "平台没有答清楚，又一直查不到这一单：请稍后运行 resume，或到平台上核对。",
    "The answers stay unclear and the remote does not show it: run resume later, or check it there.",
)
WITHHELD = Words(
    "{reason}，没法核实这一单建了没有：请到平台上核对，或开通查询接口后运行 resume。",
    "{reason}, so it cannot be told whether it was created: check it at the remote, or have asking allowed and run resume.",
)
CANNOT_LOOK = Words(
    "流水账不完整，平台又不让查单，为了不重复下单没有发送：请开通查询接口；在平台上逐单核对过的，"
    "请运行 journal check --complete，再运行 resume。",
    "the journal is incomplete and orders cannot be looked up, so nothing was sent: have asking allowed; or compare by hand, then run "
    "journal check --complete and resume.",
)
SETTLING = Words("{count} 单平台没有答清楚，正在核实", "{count} orders were not answered clearly, they are being looked up")
PAUSED = Words(
    "账号已暂停，没有发送：要继续请运行 accounts unpause，再 resume。", "The account is paused: run accounts unpause, then resume."
)
UNCONFIGURED = Words(
    "配置里没有账号 {name} 了，或它换了平台账号：请改好配置，再运行 resume。",
    "account {name} is no longer configured, or is another one at the remote: mend the configuration and run resume.",
)
REFUSED_AGAIN = Words(
    "连续 {count} 单都被平台拒绝，原因相同（{reason}；详见这几单的结果说明），这一批先停下：请改好后重新提交；"
    "其余的要照发，请运行 resume --keep-going。",
    "{count} orders in a row were refused for the same reason ({reason}; see their results); the batch is paused: mend and submit it, "
    "or resume --keep-going.",
)


def tell(outcome: Outcome, fate: Fate | None, *, looks_up: bool, updates: bool, is_open: bool) -> Words | None:
    """An outcome's message as a whole sentence that says what follows. `is_open`: the refusal does not prove that it is not there."""
    reason = outcome.message or Words("平台的回答不清楚", "the answer is unclear")
    match outcome.verdict:
        case Verdict.UNCLEAR:
            return (_ASKED if looks_up else _DOUBT).fill(reason=reason)
        case Verdict.EXISTS if is_open:
            return _THERE_NOW
        case Verdict.REJECTED if is_open:
            return _REFUSED_IN_DOUBT.fill(reason=reason.first_sentence())
        case Verdict.UNLISTED:
            return _UNLISTED.fill(reason=reason.first_sentence())
        case Verdict.NOT_PROCESSED:
            return _LATER.fill(reason=reason)
        case Verdict.FOREIGN if outcome.is_same:
            return outcome.message or _SAME
        case Verdict.FOREIGN:
            return _FOREIGN.fill(remedy=_MODIFY if updates else _RENUMBER)
        case _:
            return _IGNORED if fate else outcome.message
