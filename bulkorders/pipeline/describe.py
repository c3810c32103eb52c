"""Templates and codes in words: the tables of `columns` and of the README."""

from collections.abc import Iterable, Sequence

from bulkorders.core.codes import CATALOGUE
from bulkorders.core.field import Field
from bulkorders.core.issue import Code, Severity
from bulkorders.core.order import TRANSITIONS, Status
from bulkorders.core.refusal import REFUSALS
from bulkorders.core.template import Template
from bulkorders.core.words import Words

from .app import all_templates

_HEADINGS = (
    Words("列", "column"), Words("必填", "required"), Words("填什么", "what to fill in"), Words("示例", "example"),
    Words("说明", "note"), Words("接口字段", "API field"),
)  # fmt: skip
_CODE_HEADINGS = (Words("代码", "code"), Words("级别", "severity"), Words("意思", "meaning"))
_SEVERITY = {
    Severity.ERROR: Words("错误", "error"),
    Severity.WARNING: Words("提醒", "warning"),
    Severity.NOTE: Words("说明", "note"),
}


def field_rows(template: Template, lang: str = "zh") -> list[tuple[str, ...]]:
    """A heading and a row for each field."""
    return [tuple(words.say(lang) for words in _HEADINGS), *(_field_row(field, lang) for field in template.fields)]


def _field_row(field: Field, lang: str) -> tuple[str, ...]:
    required = Words("是", "yes").say(lang) if field.required else ""
    return (field.label, required, field.kind.describe().say(lang), field.example, field.note.say(lang), field.path)


def code_rows(lang: str = "zh") -> list[tuple[str, ...]]:
    """A heading and a row for each code that `check` may give."""
    own = (code for template in all_templates() for code in template.codes)
    codes: Iterable[Code] = dict.fromkeys((*CATALOGUE, *own, *REFUSALS))
    rows = [(code.name, _SEVERITY[code.severity].say(lang), code.title) for code in codes]
    return [tuple(words.say(lang) for words in _CODE_HEADINGS), *rows]


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first row is its heading."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


_STATUS_WORDS = {
    Status.PENDING: "等发送", Status.SENDING: "正在发送", Status.CREATED: "已创建", Status.ACCEPTED: "已受理", Status.REJECTED: "被拒绝",
    Status.IN_DOUBT: "待核实",
}  # fmt: skip


def status_diagram() -> str:
    """The statuses of an order as a Mermaid diagram, drawn from what may follow what."""
    named = [f"    {status.value}: {words}" for status, words in _STATUS_WORDS.items()]
    arrows = [f"    {before.value} --> {after.value}" for before, each in TRANSITIONS.items() for after in Status if after in each]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    direction LR", "    [*] --> pending", *named, *arrows, "```"])
