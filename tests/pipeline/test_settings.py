"""What is wrong with the settings is said where it stands, with what to write instead."""

from pathlib import Path

import pytest

from bulkorders.errors import SettingsError
from bulkorders.settings import load_settings, toml_key

FOLDER = '[[folders]]\npath = "in"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{FOLDER}quiet_seconds = 1\n", "folders.第 1 个.quiet_seconds 不能小于 2"),
        (f"{FOLDER}poll_seconds = 0\n", "poll_seconds 应大于 0"),
        (f'{FOLDER}{FOLDER.replace("in", "out")}hours = "8-22"\n', "folders.第 2 个.hours 应写成 08:00-22:00"),
        (f'{FOLDER}notify = "运营群"\n', '应为列表，如 ["a", "b"]'),
        (f'{FOLDER}notify = ["运营群"]\n', '请加上 [notify."运营群"]'),
        (f"{FOLDER}{FOLDER}", "同一个文件夹写了两次"),
        (f'{FOLDER}names = {{ inbox = "a", results = "A" }}\n', "必须各不相同"),
        ("[[folders]]\n", "folders.第 1 个.path 没有填"),
        (f"{FOLDER}owners = 1\n", "owners 不认识，请核对拼写"),
        ("[notify.运营群]\n", '（第 1 行）：请核对引号、等号和方括号；中文的名字要加引号（[notify."运营群"]）'),
        ('[[folders]]\npath = "D:\\订单"\n', "（第 2 行）"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_write(text: str, said: str, tmp_path: Path) -> None:
    """One Chinese sentence; people count from one."""
    path = tmp_path / "bulkorders.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert said in caught.value.zh
    assert "\n" not in caught.value.zh


@pytest.mark.parametrize(("name", "key"), [("ops", "ops"), ("运营群", '"运营群"'), ('a"b\\', '"a\\"b\\\\"'), ("", '""')])
def test_a_name_is_quoted_as_toml_wants_it(name: str, key: str) -> None:
    """Bare where it may be."""
    assert toml_key(name) == key
