"""A sweep on a cluster, `cluster_script.py FOLDER SCHEDULER LOG CHUNKS FREE`, to be killed."""

import sys

from cluster_toy import logged_sweep

from sharedtrunk.sweeps import Store, run

if __name__ == "__main__":
    folder, scheduler, log, chunks, free = sys.argv[1:]
    run([logged_sweep(log, chunks=int(chunks), free=int(free))], Store(folder), cluster=scheduler)
    print("finished")
