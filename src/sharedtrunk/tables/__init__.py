"""Tables of users: read, encoded, and looked through for columns that give another one away.

`read` takes a file (CSV, Parquet, NPZ), `from_arrays` arrays and data frames, `bundled` an example that ships with
scikit-learn or statsmodels; each returns a `Table` of numeric features and class codes, with a note for everything that was
done. `leaks` finds what gives a label away; `standardized` centres and scales; `varies` tells which columns are not
constant. Nothing here trains or knows JAX, and nothing in a data file is ever executed.
"""

from sharedtrunk.tables._arrays import from_arrays as from_arrays
from sharedtrunk.tables._bundled import BUNDLED as BUNDLED
from sharedtrunk.tables._bundled import bundled as bundled
from sharedtrunk.tables._labels import check_classes as check_classes
from sharedtrunk.tables._leaks import Leak as Leak
from sharedtrunk.tables._leaks import leaks as leaks
from sharedtrunk.tables._read import read as read
from sharedtrunk.tables._table import Table as Table
from sharedtrunk.tables._tidy import standardized as standardized
from sharedtrunk.tables._tidy import varies as varies
