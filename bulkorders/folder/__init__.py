"""Folders whose workbooks are imported by themselves: picked up, sent, put away, their results laid beside them."""
