"""The limits of a table: the smallest number of rows, and the largest sizes that memory or the method can take."""

LEAST_LABELLED = 30
"""The smallest number of labelled rows of a task: fewer cannot be split into training, validation and test rows."""

MOST_LEVELS = 20
"""The largest number of levels of a category, the pooled rest included: each level but one becomes a feature."""

MOST_CLASSES = 1000
"""The largest number of classes of a task: shared trunks have not been studied with larger heads."""

LEAST_ROWS_PER_CLASS = 5
"""The smallest mean number of labelled rows per class in a task of more than `FEW_CLASSES` classes: a task with fewer is
an identifier or a measurement."""

FEW_CLASSES = 20
"""Tasks of up to this many classes may have any number of rows per class."""

MOST_NON_INTEGERS = 50
"""The largest number of distinct labels that are not integers: a task with more is a measurement."""

MOST_BYTES = 2**30
"""The largest size of one table in bytes, at eight bytes per number: 1 GiB."""

MOST_DISTINCT_TEXTS = 100_000
"""Number of distinct texts of one feature that are remembered. A feature with more is an identifier or a date, so only the
fact that there were more is kept."""

LARGEST = 1e300
"""Largest absolute value: differences and sums of larger numbers overflow."""

LONGEST_LINE = 10_000_000
"""The largest number of characters in a line of a CSV file: a longer line is not a row of a table."""
