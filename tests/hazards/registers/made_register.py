"""A small register of two made-up enterprises, as rows of sheets; codes with right check digits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from hazards.registers.workbook import SheetRows

TODAY = date(2026, 3, 1)
ONE, TWO = "91120116MA0000015H", "91120116MA0000023C"


def sheets() -> dict[str, list[list[Any]]]:
    """Sheets by title; the first row of each is the head."""
    return {
        "企业": [
            ["统一社会信用代码", "企业名称", "地址", "值班电话", "从业人数（人）", "经度", "纬度"],
            [ONE, "甲化工（虚构）", "某路 1 号", 2212345678.0, 120.0, 117.7, 39.0],
            [TWO, "乙冷库（虚构）", None, "未知", None, None, None],
        ],
        "单元": [
            ["统一社会信用代码", "单元编号", "单元名称", "单元类型", "厂界外500m常住人口（人）"],
            [ONE, 1, "储罐区", "储存单元", 120],
            [ONE, 2, "合成车间", "production", None],
            [TWO, "1", "制冷机房", "生产单元", 0],
        ],
        "设备": [
            ["统一社会信用代码", "单元编号", "设备编号", "设备名称", "容积（m³）", "投用日期"],
            [ONE, "1", "V-101", "液氨储罐", 50, datetime(2015, 5, 20)],
            [ONE, "1", "V-102", "液氯储罐", 20.5, "2016年7月1日"],
        ],
        "物质": [
            ["统一社会信用代码", "单元编号", "设备编号", "物质名称", "CAS 号", "设计最大量（t）"],
            [ONE, "1", "V-101", "氨", "7664-41-7", 20],
            [ONE, "1", "V-102", "氯", "7782-50-5", 10],
            [TWO, "1", None, "氨", "7664-41-7", 8.5],
        ],
        "处置卡": [
            ["CAS 号", "物质名称", "泄漏处置", "来源"],
            ["7664-41-7", "氨", "关阀，喷雾状水", "企业应急预案（示例）"],
        ],
        "重大隐患": [
            [
                "隐患编号",
                "统一社会信用代码",
                "发现日期",
                "隐患内容",
                "治理措施",
                "责任人",
                "治理期限",
            ],
            ["YH-1", ONE, "2026-02-01", "气体报警器未投用", "更换", "张某", "2026-03-31"],
            ["YH-2", TWO, "2026/2/10", "未设紧急切断阀", None, None, None],
        ],
        "重点部位": [
            ["统一社会信用代码", "部位编号", "部位名称", "经度", "纬度"],
            [ONE, "B1", "中控室", 117.7001, 39.0001],
        ],
    }


def rows_of(made: dict[str, list[list[Any]]]) -> list[SheetRows]:
    """The sheets as the reader wants them."""
    return [SheetRows(name, range(1, len(rows) + 1), rows) for name, rows in made.items()]
