"""What can be wrong, and how it is said: the catalogue of codes. Every message is one sentence: what is wrong, where, and what to do."""

from .issue import Code, Severity
from .words import Words


def _error(name: str, title: str, zh: str, en: str) -> Code:
    return Code(name, Severity.ERROR, title, Words(zh, en))


def _warning(name: str, title: str, zh: str, en: str) -> Code:
    return Code(name, Severity.WARNING, title, Words(zh, en))


def _note(name: str, title: str, zh: str, en: str) -> Code:
    return Code(name, Severity.NOTE, title, Words(zh, en))


# -- cells -----------------------------------------------------------------------------------------------------------------
REQUIRED = _error(
    "required",
    "必填项为空",
    "{where}是必填项，现在是空的：请填写{hint}。",
    "{where} is required but empty: fill it in{hint}.",
)
DIGITS_LOST = _error(
    "digits_lost",
    "编号丢失了数字",
    "{where}的「{value}」已被 Excel 丢掉末尾的数字：请把这一列设为“文本”格式，再重新粘贴原来的编号。",
    '{where}: Excel has lost the last digits of "{value}": format the column as text and paste the original number again.',
)
MADE_A_NUMBER = _error(
    "made_a_number",
    "编号被变成了小数",
    "{where}的「{value}」像是被别的程序变成了小数，应为 {proposal}？请改成原来的编号。",
    '{where}: "{value}" seems to have been made a decimal by another program: {proposal}? Type the original number.',
)
DATE_FOUND = _error(
    "date_found",
    "内容被变成了日期",
    "{where}的内容已被 Excel 变成日期「{value}」：请把单元格设为“文本”格式，再重新填写原来的内容。",
    '{where}: Excel has turned the content into the date "{value}": format the cell as text and type it again.',
)
NOT_NUMBER = _error(
    "not_number",
    "不是数字",
    "{where}应为数字，现在是「{value}」：请只填数字{hint}。",
    '{where} must be a number, not "{value}": type digits only{hint}.',
)
NOT_INTEGER = _error(
    "not_integer",
    "不是整数",
    "{where}应为整数，现在是「{value}」：请改成没有小数的数字。",
    '{where} must be a whole number, not "{value}".',
)
TOO_SMALL = _error(
    "too_small",
    "数字太小",
    "{where}的「{value}」太小，最小是 {minimum}：请改成正确的数字。",
    '{where}: "{value}" is too small, the least is {minimum}.',
)
NOT_ABOVE = _error(
    "not_above",
    "数字必须更大",
    "{where}的「{value}」必须大于 {minimum}：请改成正确的数字。",
    '{where}: "{value}" must be above {minimum}.',
)
TOO_LARGE = _error(
    "too_large",
    "数字太大",
    "{where}的「{value}」太大，最大是 {maximum}：请改成正确的数字。",
    '{where}: "{value}" is too large, the most is {maximum}.',
)
TOO_MANY_PLACES = _error(
    "too_many_places",
    "小数位太多",
    "{where}的「{value}」小数位太多，最多 {places} 位：请改成 {places} 位以内的小数。",
    '{where}: "{value}" has too many decimals, at most {places}.',
)
NOT_DATE = _error(
    "not_date",
    "不是日期",
    "{where}应为日期，现在是「{value}」：请按 2022-12-09 或 2025-04-09 14:30:45 的样子填写。",
    '{where} must be a date, not "{value}": write it like 2022-12-09 or 2025-04-09 14:30:45.',
)
AMBIGUOUS_DATE = _error(
    "ambiguous_date",
    "日期有两种读法",
    "{where}的「{value}」可能是 {first}，也可能是 {second}：请按 {first} 的样子写明年月日。",
    '{where}: "{value}" may be {first} or {second}: write it as year-month-day.',
)
NOT_CHOICE = _error(
    "not_choice",
    "不在可选范围内",
    "{where}不能是「{value}」：{remedy}。",
    '{where} cannot be "{value}": {remedy}.',
)
PATTERN = _error(
    "pattern",
    "格式不对",
    "{where}的「{value}」格式不对：应为{pattern}，请改正。",
    '{where}: "{value}" has the wrong form, it must be {pattern}.',
)
TOO_LONG = _error(
    "too_long",
    "内容太长",
    "{where}有 {length} 个字符，最多 {maximum} 个：请缩短。",
    "{where} has {length} characters, at most {maximum} are allowed: shorten it.",
)
ERROR_CELL = _error(
    "error_cell",
    "公式出错",
    "{where}的公式结果是「{value}」：请改好公式，或直接填写内容。",
    '{where}: the formula gives "{value}": mend it or type the value.',
)
UNCACHED = _error(
    "uncached",
    "公式没有结果",
    "{where}的公式还没有结果：请用 Excel 或 WPS 打开表格，保存一次再提交，或直接填写内容。",
    "{where}: the formula has no result yet: open and save the workbook once, or type the value.",
)
CELL_UNIT_MISMATCH = _error(
    "cell_unit_mismatch",
    "格子里的单位不符",
    "{where}显示的单位是 {found}，而「{name}」要用 {asked}：请换算成 {asked}，并把单元格格式改为“常规”。",
    '{where} is shown in {found}, but "{name}" must be in {asked}: convert the value and make the format of the cell General.',
)
CELL_UNIT_UNWANTED = _error(
    "cell_unit_unwanted",
    "格子里多了单位",
    "{where}显示的单位是 {found}，而「{name}」这一列不带单位：请核对数字，并把单元格格式改为“常规”。",
    '{where} is shown in {found}, but "{name}" has no unit: check the number and make the format of the cell General.',
)
CELL_UNIT_CONVERTED = _note(
    "cell_unit_converted",
    "格子里的单位已换算",
    "{where}显示的单位是 {found}，已换算成 {read} {asked}。",
    "{where} is shown in {found}; it was converted to {read} {asked}.",
)
CELL_WORDS = _note(
    "cell_words",
    "单元格格式带的文字",
    "{where}的单元格格式带「{words}」，按数字 {read} 读取。",
    '{where}: the format of the cell adds "{words}"; the number is read as {read}.',
)
PADDED = _note(
    "padded", "按显示的 0 读取", "{where}按显示的「{read}」读取，前面的 0 保留。", '{where} is read as shown, "{read}", with its zeros.'
)
AS_SHOWN = _note(
    "as_shown",
    "按显示的内容读取",
    "{where}按显示的「{read}」读取，单元格格式带的文字也是内容。",
    '{where} is read as shown, "{read}", with the words that the format of the cell adds.',
)
FOLDED = _note("folded", "已改成半角", "{where}的「{value}」按「{read}」读取。", '{where}: "{value}" is read as "{read}".')
LINE_BREAK = _warning(
    "line_break",
    "内容里有换行",
    "{where}的内容里有换行，面单上可能印不全：请改成一行。",
    "{where} holds a line break, which labels may cut: put it on one line.",
)
LONGER_THAN_LIMIT = _warning(
    "longer_than_limit",
    "超过平台长度",
    "{where}有 {length} 个字符，平台一般最多收 {limit} 个，可能被拒绝：请尽量缩短。",
    "{where} has {length} characters; the marketplace usually takes {limit}: shorten it if you can.",
)
OVER_LIMIT = _warning(
    "over_limit",
    "超过平台上限",
    "{where}的「{value}」超过平台一般的上限 {limit}{unit}，可能被拒收：请核对。",
    '{where}: "{value}" is over the usual limit of {limit}{unit}: please check.',
)
DOUBTFUL_UNIT = _warning(
    "doubtful_unit",
    "单位可能写错",
    "{where}的单位可能写错了：是「{value}」，还是 {other}{unit}？请核对。",
    '{where}: is it "{value}" or {other}{unit}? Please check the unit.',
)
UNUSUAL = _warning(
    "unusual",
    "内容不常见",
    "{where}的「{value}」{why}：请核对。",
    '{where}: "{value}" {why}: please check.',
)
UNKNOWN_CHOICE = _warning(
    "unknown_choice",
    "不在已知清单里",
    "{where}的「{value}」不在已知清单里：请核对有没有写错。",
    '{where}: "{value}" is not in the list we know: check the spelling.',
)

# -- rows and orders ---------------------------------------------------------------------------------------------------------
ROW_WITHOUT_ORDER = _error(
    "row_without_order",
    "行没有订单号",
    "第 {row} 行有内容，但「{key}」是空的，不知道属于哪个{unit}：请填上「{key}」，或删除这一行{held}。",
    'Row {row} has content but no "{key}", so its order is unknown: fill it in or delete the row{held}.',
)
CONFLICT = _error(
    "conflict",
    "同一单内容不一致",
    "{where}的「{value}」与第 {other} 行的「{first}」不一致，同一{unit}里必须相同：请改成一样的，或换一个{key}。",
    '{where}: "{value}" differs from "{first}" in row {other}; within one order both must be equal: make them equal or use another {key}.',
)
ROWS_APART = _warning(
    "rows_apart",
    "同一单的行不相邻",
    "第 {row} 行与前面的行同属{unit}「{order}」，但不相邻，已合并成一个{unit}：请核对。",
    'Row {row} belongs to order "{order}" together with rows further up; they were joined: please check.',
)
MERGE_ACROSS_ORDERS = _error(
    "merge_across_orders",
    "合并单元格跨了订单",
    "{where}的合并单元格 {range} 跨了几个{unit}：请取消合并，逐行填写。",
    "{where}: the merged cell {range} spans several orders: unmerge it and fill each row.",
)
MERGE_OF_AMOUNT = _error(
    "merge_of_amount",
    "明细数字被合并",
    "{where}的合并单元格 {range} 有两种读法：每行各 {value}，还是合计 {value}？请取消合并，逐行填写。",
    "{where}: the merged cell {range} can mean {value} on each row or {value} in all: unmerge it and fill each row.",
)
MERGE_FILLED = _note(
    "merge_filled",
    "合并单元格已展开",
    "第 {rows} 行的合并单元格，按每行都填了同样的内容读取：{columns} 列。",
    "The merged cells of rows {rows} are read as if each row had their content: columns {columns}.",
)
EXAMPLE_ROW = _note(
    "example_row",
    "跳过示例行",
    "{where}是模板的示例行，已跳过。",
    "{where} is the template's example row and was skipped.",
)
EXAMPLE_CHANGED = _error(
    "example_changed",
    "示例行被改动",
    "{where}还是模板的示例「{value}」，但这一行别的内容改过：要下单请换成真实的{key}，不要就删除这一行。",
    '{where} is still the example "{value}" but the row was changed: type the real {key} or delete the row.',
)
FOOTER_ROW = _note("footer_row", "跳过表尾行", "{where}是表尾的说明或合计，已跳过。", "{where} is a footer and was skipped.")
HEADER_ROW = _note("header_row", "跳过重复的表头", "{where}又是表头，已跳过。", "{where} repeats the header and was skipped.")
ROWS_HIDDEN = _warning(
    "rows_hidden",
    "隐藏的行也读取",
    "工作表「{sheet}」第 {rows} 行是隐藏的或被筛选掉的，也会读取和提交：不要的请删除。",
    'Rows {rows} of sheet "{sheet}" are hidden or filtered out; they are read and sent all the same: delete those that should not be.',
)
ROW_OUTSIDE = _note(
    "row_outside",
    "行只有模板以外的内容",
    "{where}只在模板以外的列里有内容，没有当作订单。",
    "{where} has content only outside the template's columns and was not read as an order.",
)
NO_ACCOUNT = _error(
    "no_account",
    "没有账号负责这个店铺",
    "{where}的「{value}」没有分配给任何账号：请核对店铺名，或请管理员在配置里把它加到账号的 stores。",
    '{where}: no account lists "{value}": check the name, or add it to the stores of an account.',
)
UNKNOWN_STORE = _error(
    "unknown_store",
    "平台上没有这个店铺",
    "{where}：平台账号里没有店铺「{store}」，最接近的是「{nearest}」，请核对店铺名和店铺国家。",
    '{where}: the account has no store "{store}"; the nearest is "{nearest}": check name and country.',
)
STORE_STOPPED = _error(
    "store_stopped",
    "店铺在平台上不能用",
    "{where}：店铺「{store}」在平台上{state}，建不了订单，请先到平台处理好店铺再提交。",
    '{where}: the store "{store}" is {state} at the remote: mend that there, then submit again.',
)
NO_ORDERS = _warning(
    "no_orders",
    "表里没有订单",
    "工作表「{sheet}」只有表头，没有订单：请在表头下面填写。",
    'Sheet "{sheet}" has a header but no orders: fill them in below it.',
)

# -- header and sheets -------------------------------------------------------------------------------------------------------
MISSING_COLUMN = _error(
    "missing_column",
    "缺少必填的列",
    "工作表「{sheet}」第 {row} 行的表头缺少「{missing}」列：请加上这一列{hint}。",
    'The header in row {row} of sheet "{sheet}" has no column "{missing}": add it{hint}.',
)
NEAR_LABEL = _error(
    "near_label",
    "列名写错",
    "{where}不是模板的列名，很像「{proposal}」：请改成「{proposal}」；如果是别的内容，请换一个不相近的列名。",
    '{where} is no column of the template but looks like "{proposal}": rename it.',
)
DUPLICATE_COLUMN = _error(
    "duplicate_column",
    "列重复",
    "{where}与 {other} 列都是「{name}」：请只留一列。",
    '{where} and column {other} are both "{name}": keep only one.',
)
UNIT_MISMATCH = _error(
    "unit_mismatch",
    "单位不符",
    "{where}的单位是 {found}，而「{name}」要用 {asked}：请换算后改写列名。",
    '{where} is in {found}, but "{name}" must be in {asked}: convert the values and rename the column.',
)
UNIT_UNWANTED = _error(
    "unit_unwanted",
    "列名多了单位",
    "{where}的列名里写了 {found}，而「{name}」这一列不带单位和币种：请把列名改成「{name}」。",
    '{where} names {found}, but "{name}" has no unit or currency: rename the column to "{name}".',
)
UNIT_CONVERTED = _note(
    "unit_converted",
    "单位已换算",
    "{where}的单位是 {found}，已全部换算成 {asked}。",
    "{where} is in {found}; all values were converted to {asked}.",
)
MERGES_OVERLAP = _error(
    "merges_overlap",
    "合并单元格重叠",
    "工作表「{sheet}」的合并单元格 {one} 与 {other} 重叠，分不清每行是什么内容：请取消这些合并，逐行填写。",
    'The merged cells {one} and {other} of sheet "{sheet}" overlap, so what is in each row cannot be told: unmerge them and fill each row.',
)
COLUMN_UNKNOWN = _note(
    "column_unknown",
    "模板以外的列",
    "{where}不是模板的列，没有使用，结果里会照样保留。",
    "{where} is no column of the template: it is not used, and kept in the results.",
)
COLUMN_UNNAMED = _note(
    "column_unnamed",
    "没有列名的列",
    "工作表「{sheet}」的 {columns} 列有内容但没有列名，没有使用，结果里会照样保留。",
    'Columns {columns} of sheet "{sheet}" have content but no heading: they are not used, and kept in the results.',
)
SHEET_EXAMPLE = _warning(
    "sheet_example",
    "跳过示例工作表",
    "工作表「{sheet}」看名字是示例，没有读取：如果里面是真的订单，请给工作表改名。",
    'Sheet "{sheet}" is an example by its name and was not read: rename it if its orders are real.',
)
SHEET_FAILURES = _warning(
    "sheet_failures",
    "跳过失败明细",
    "工作表「{sheet}」像是上次结果里的失败明细，订单已从别的工作表读取，这张没有读取：如果里面是另外的订单，请给工作表改名。",
    'Sheet "{sheet}" looks like the failed orders of earlier results; orders were read from other sheets: rename it if it holds others.',
)
SHEET_PASSED = _note(
    "sheet_passed",
    "跳过的工作表",
    "工作表「{sheet}」里没有模板的表头，没有读取。",
    'Sheet "{sheet}" has no header of a template and was not read.',
)
SHEET_HIDDEN = _note(
    "sheet_hidden",
    "跳过隐藏的工作表",
    "工作表「{sheet}」是隐藏的，没有读取：如果要读，请先取消隐藏。",
    'Sheet "{sheet}" is hidden and was not read: unhide it if it should be.',
)

CATALOGUE: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))
"""Every code of the core, in the order in which it is declared; templates add their own."""
