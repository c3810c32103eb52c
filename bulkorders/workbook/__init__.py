"""The only place that knows spreadsheets: reading them in a process of their own, writing blank templates and results."""
