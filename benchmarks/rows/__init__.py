"""Every row of the table, in its order: one module for each comparison, or for a family of them."""

from benchmarks.measuring import Row
from benchmarks.rows import advance, rest, writing

ROWS: tuple[Row, ...] = (*writing.ROWS, *advance.ROWS, *rest.ROWS)
