"""Why a whole file is refused: nothing of it is checked further, nothing of it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from .issue import Code, Severity
from .words import Words


@dataclass(frozen=True)
class BestHeader:
    """The row that looks most like a header, and how far it goes: labels by the template's spelling."""

    sheet: str
    row: int
    matched: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Why, in one sentence; and the nearest header where the header is the reason."""

    code: str
    message: Words
    best_header: BestHeader | None = None


def refuse(code: Code, best_header: BestHeader | None = None, **values: object) -> Refusal:
    """A refusal with its sentence filled."""
    return Refusal(code.name, code.message.fill(**values), best_header)


def _code(name: str, title: str, zh: str, en: str) -> Code:
    return Code(name, Severity.ERROR, title, Words(zh, en))


NO_HEADER = _code(
    "no_header",
    "没有模板的表头",
    "前 30 行里没有找到模板的表头：请下载空白模板，把内容填进去，表头不要改。{near}",
    "No header of a template was found in the first 30 rows: fill in the blank template and keep its header.{near}",
)
NO_SHEET = _code(
    "no_sheet",
    "没有工作表",
    "文件里没有可读的工作表：请另存为 .xlsx 后再试。",
    "The file has no sheet that can be read.",
)
EMPTY_FILE = _code("empty_file", "空文件", "文件是空的（0 字节）：请重新保存或重新上传。", "The file is empty: save it again.")
NOT_WORKBOOK = _code(
    "not_workbook",
    "不是 Excel 文件",
    "这不是能读的 Excel 或 CSV 表格，而是{found}：请用 Excel 或 WPS 打开原表，另存为 .xlsx 再试。",
    "This is no Excel or CSV workbook but {found}: open the original and save it as .xlsx.",
)
ENCRYPTED = _code(
    "encrypted",
    "文件有密码",
    "文件设了打开密码，读不了：请在 Excel 或 WPS 里取消密码，另存后再试。",
    "The file has a password: remove it and save the file again.",
)
BROKEN = _code(
    "broken_file",
    "文件已损坏",
    "文件已损坏或不完整，读不了：请用 Excel 或 WPS 打开并另存为 .xlsx 再试。",
    "The file is damaged or incomplete: open it in Excel or WPS and save it again.",
)
ENCODING_UNKNOWN = _code(
    "encoding_unknown",
    "编码看不懂",
    "文本文件的编码看不懂（应为 UTF-8 或 GB18030）：请用 Excel 或 WPS 打开原表，另存为 .xlsx 再试。",
    "The encoding of the text file is neither UTF-8 nor GB18030: open the original and save it as .xlsx.",
)
QUOTES_UNPAIRED = _code(
    "quotes_unpaired",
    "引号不成对",
    "文本文件从第 {row} 行起引号不成对，分不清哪些是一格：请用 Excel 或 WPS 打开核对，另存为 .xlsx 再试。",
    "From row {row} on the quotes of the text file are not in pairs, so its cells cannot be told apart: check it and save it as .xlsx.",
)
TOO_LARGE_FILE = _code(
    "file_too_large",
    "文件超过限制",
    "文件太大：{what}是 {found}，最多 {limit}；请删掉多余的工作表和空行，或分成几个文件。",
    "The file is too large: {what} is {found}, at most {limit}; remove what is not needed or split it.",
)
TOO_SLOW = _code(
    "too_slow",
    "读取超时",
    "文件读了 {seconds} 秒还没读完，已停止：请删掉多余的工作表、格式和空行，或分成几个文件。",
    "The file was not read within {seconds} seconds: remove sheets, formats and empty rows, or split it.",
)
TOO_MUCH_MEMORY = _code(
    "too_much_memory",
    "内存不够",
    "读取文件需要的内存超过限制：请删掉多余的工作表、格式和空行，或分成几个文件。",
    "The file needs more memory than allowed: remove sheets, formats and empty rows, or split it.",
)
UNREADABLE = _code(
    "unreadable",
    "读取失败",
    "文件读不了，可能已损坏：请用 Excel 或 WPS 打开并另存为 .xlsx 再试。",
    "The file cannot be read and may be damaged: open it in Excel or WPS and save it again.",
)
STRICT = _code(
    "strict",
    "有错误，整份不发送",
    "有 {count} 单数据有误，按 --strict 的要求整份都没有发送：请改好后再提交。",
    "{count} orders are invalid; as --strict asks, nothing was sent: correct them and submit again.",
)

REFUSALS: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))
"""Every reason of the core, in the order in which it is declared."""


def listed(labels: Sequence[str], most: int = 12) -> str:
    """Labels in a sentence: `「店铺名」「订单号」`."""
    return "".join(f"「{label}」" for label in labels[:most]) + ("…" if len(labels) > most else "")
