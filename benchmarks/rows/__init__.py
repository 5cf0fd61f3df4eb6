"""Every row of the table, in its order: one module for each comparison, or for a family of them."""

from benchmarks.measuring import Row
from benchmarks.rows import advance, month, pace, queries, rest, writing

ROWS: tuple[Row, ...] = (*writing.ROWS, *advance.ROWS, *queries.ROWS, *pace.ROWS, *rest.ROWS, *month.ROWS)
