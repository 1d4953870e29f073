"""The paper, checked: its claims, its figures and the report. Nothing outside this package and `cli` imports it."""
