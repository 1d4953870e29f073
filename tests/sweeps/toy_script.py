"""The slow sweep, `toy_script.py FOLDER PROCESSES SECONDS_PER_CHUNK`.

There is no `if __name__ == "__main__"`, on purpose: workers must not run it again. It holds no chunk function: a module
that workers import must not start sweeps.
"""

import sys

from sweeps_toy import slow_sweep

from sharedtrunk.sweeps import Store, run

folder, processes, seconds = sys.argv[1:]
run([slow_sweep(float(seconds))], Store(folder), processes=int(processes))
print("finished")
