"""Tables of users: read, encoded, and searched for columns that give another one away.

`read` takes a file (text, Excel, Parquet, NPZ), `from_arrays` arrays and data frames, `bundled` an example that comes with
scikit-learn or statsmodels. Each returns a `Table` of features and class codes, with a note on everything that was done;
`read_features` and `read_features_like` read features alone, for a transformer. Nothing is estimated from the rows here.
`with_related_rows` adds which rows belong together and which are later, `with_weights` how much each counts. `TaskKind` names
the kinds of tasks: classes, numbers, ordered levels. `leaks` finds columns that give a label away,
`standardized` centres and scales, `varies` finds the columns that are not constant, `bulk` where most of a column's values
lie. `named_columns`, `dense`, `ordered_classes`, `class_codes` and `check_classes` read frames, sparse matrices and labels
for estimators. Nothing here trains or needs JAX, and nothing in a data file is ever executed.
"""

from sharedtrunk.tables._arrays import from_arrays as from_arrays
from sharedtrunk.tables._bundled import BUNDLED as BUNDLED
from sharedtrunk.tables._bundled import bundled as bundled
from sharedtrunk.tables._encode import Features as Features
from sharedtrunk.tables._features import read_features as read_features
from sharedtrunk.tables._features import read_features_like as read_features_like
from sharedtrunk.tables._frames import dense as dense
from sharedtrunk.tables._frames import named_columns as named_columns
from sharedtrunk.tables._frames import object_array as object_array
from sharedtrunk.tables._identifiers import Identifier as Identifier
from sharedtrunk.tables._labels import MISSING as MISSING
from sharedtrunk.tables._labels import check_classes as check_classes
from sharedtrunk.tables._labels import class_codes as class_codes
from sharedtrunk.tables._labels import ordered_classes as ordered_classes
from sharedtrunk.tables._leaks import Leak as Leak
from sharedtrunk.tables._leaks import leaks as leaks
from sharedtrunk.tables._limits import LARGEST as LARGEST
from sharedtrunk.tables._limits import MOST_BYTES as MOST_BYTES
from sharedtrunk.tables._limits import MOST_LEVELS as MOST_LEVELS
from sharedtrunk.tables._read import read as read
from sharedtrunk.tables._related_rows import with_related_rows as with_related_rows
from sharedtrunk.tables._sentinels import bulk as bulk
from sharedtrunk.tables._sentinels import sentinel_note as sentinel_note
from sharedtrunk.tables._table import Table as Table
from sharedtrunk.tables._task_kinds import Kinds as Kinds
from sharedtrunk.tables._task_kinds import TaskKind as TaskKind
from sharedtrunk.tables._tidy import standardized as standardized
from sharedtrunk.tables._tidy import varies as varies
from sharedtrunk.tables._weights import with_weights as with_weights
