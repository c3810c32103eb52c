"""Orders from merchants' workbooks: checked cell by cell, grouped, created once, told truthfully."""

__version__ = "0.1.0"
