"""The lines that reading draws: how few rows are too few, how much is too much."""

LEAST_LABELLED = 30
"""Fewer labelled rows of a task cannot be split into training, validation and test rows."""

MOST_LEVELS = 20
"""A category keeps this many levels at most, the pooled rest among them."""

MOST_CLASSES = 1000
"""A head for more classes is not a question about shared trunks any more."""

LEAST_ROWS_A_CLASS = 5
"""A task of many classes with fewer rows to each, on average, is an identifier or a measurement."""

MANY_CLASSES = 20
"""Up to here the number of rows to a class is not asked."""

MOST_NON_INTEGERS = 50
"""More distinct non-integer values than this are a measurement, not classes."""

MOST_BYTES = 2**30
"""The numbers of one table: 1 GiB at eight bytes each."""

MOST_DISTINCT_TEXTS = 100_000
"""Distinct texts that are remembered of one column; later ones count as one level (it would be pooled anyway)."""

LARGEST = 1e300
"""Differences and sums of larger numbers overflow."""

LONGEST_LINE = 10_000_000
"""Characters; a longer line is not a table's."""
