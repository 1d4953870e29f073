"""How advice is shown and written: its wording, its JSON and CSV files, and its picture.

`sharedtrunk.affinity` does not import this module, because this module imports matplotlib.
"""

from sharedtrunk.affinity import _wording as wording
from sharedtrunk.affinity._export import write_csv as write_csv
from sharedtrunk.affinity._export import write_json as write_json
from sharedtrunk.affinity._pictures import write_picture as write_picture

__all__ = ["wording", "write_csv", "write_json", "write_picture"]
