"""Bulk orders from spreadsheets."""
