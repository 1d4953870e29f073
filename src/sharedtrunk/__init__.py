"""Will learning task B beside task A help A? By theory, by simulation, and on your own table.

The rooms are imported by name (`from sharedtrunk import gaussian, teachers, students, benefit`); importing the
package itself loads neither JAX nor matplotlib, so the command line answers at once.
"""

__version__ = "0.1.0"
