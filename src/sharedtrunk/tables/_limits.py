"""The limits of a table: how few rows are too few for an answer, how much is too much for memory or for the method."""

LEAST_LABELLED = 30
"""Labelled rows of a task: fewer cannot be split into training, validation and test rows."""

MOST_LEVELS = 20
"""Levels of a category, the pooled rest among them: each level but one becomes a feature."""

MOST_CLASSES = 1000
"""Classes of a task: larger heads are beyond what shared trunks were studied for."""

LEAST_ROWS_A_CLASS = 5
"""Labelled rows a class of a task of more than `MANY_CLASSES`: with fewer it is an identifier or a measurement."""

MANY_CLASSES = 20
"""Tasks of up to this many classes may have any number of rows a class."""

MOST_NON_INTEGERS = 50
"""Distinct labels that are not integers: more are a measurement and not classes."""

MOST_BYTES = 2**30
"""The numbers of one table: 1 GiB at eight bytes each."""

MOST_DISTINCT_TEXTS = 100_000
"""Distinct texts that are remembered of one column; later ones count as one level, which would be pooled anyway."""

LARGEST = 1e300
"""Largest absolute value: differences and sums of larger numbers overflow."""

LONGEST_LINE = 10_000_000
"""Characters in a line of a CSV file: a longer line is not a row of a table."""
