"""What every package may use, without science.

Arrays
    `axes` (the vocabulary of shapes), `arguments` (checks of arrays), `concrete` (values that are not traced), `randomness`
    (keys from a seed and a name), `statistics` (means over seeds).
Input
    `limits`: the largest numbers that a user may give, with the reasons. `words`: names and values of users in messages.
Files
    `files` writes and reads whole files: a writer that is killed leaves the old content or the new. `checksum` detects a
    file in which a byte has changed. `json_files` combines the two for records.
Processes
    `environment` (variables of workers, number of cores), `cache` (compiled programs), `interrupts` (Ctrl-C and SIGTERM),
    `forked` (processes in which JAX would hang).
"""
