"""The limits of a table: the fewest rows for an answer, and the most that memory or the method can take."""

LEAST_LABELLED = 30
"""Fewest labelled rows of a task: fewer cannot be split into training, validation and test rows."""

MOST_LEVELS = 20
"""Most levels of a category, the pooled rest included: each level but one becomes a feature."""

MOST_CLASSES = 1000
"""Most classes of a task: shared trunks have not been studied with larger heads."""

LEAST_ROWS_A_CLASS = 5
"""Fewest labelled rows per class, on average, in a task of more than `MANY_CLASSES` classes: a task with fewer is an
identifier or a measurement."""

MANY_CLASSES = 20
"""Tasks of up to this many classes may have any number of rows per class."""

MOST_NON_INTEGERS = 50
"""Most distinct labels that are not integers: a task with more is a measurement."""

MOST_BYTES = 2**30
"""Most bytes of the numbers of one table, at eight bytes each: 1 GiB."""

MOST_DISTINCT_TEXTS = 100_000
"""Distinct texts of one column that are remembered. All later ones count as one level, which would be pooled anyway."""

LARGEST = 1e300
"""Largest absolute value: differences and sums of larger numbers overflow."""

LONGEST_LINE = 10_000_000
"""Most characters in a line of a CSV file: a longer line is not a row of a table."""
