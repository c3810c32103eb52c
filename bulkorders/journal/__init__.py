"""The only place that knows SQL: what was read, what was released, what became of it. Names and JSON; no provider, no workbook."""
