"""The pure core: fields, tables, checks, orders. No file, no network, no clock, no log."""
