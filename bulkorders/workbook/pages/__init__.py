"""The sheets that we add to a merchant's workbook: 汇总, 失败明细, 撤销清单. Pure: from the report to plain cells."""
