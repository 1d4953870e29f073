"""What every package may use, without science.

Arrays
    `axes` (the vocabulary of shapes), `arguments` (checks of arrays), `concrete` (values that are not traced), `randomness`
    (keys from a seed and a name), `statistics` (means over seeds).
Input
    `limits`: the largest numbers that a user may give, with the reasons.
Files
    `files` writes and reads whole files: killed at any time, a writer leaves the old content or the new. `checksum` makes
    a file refuse itself after one changed byte. `json_files` combines both for records; `sweeps` does so for datasets.
Processes
    `environment` (variables of workers, number of cores), `cache` (compiled programs), `interrupts` (Ctrl-C and SIGTERM),
    `forked` (processes in which JAX would hang).
"""
