"""The cache: what takes seconds to make and is the same in every process is made once and read afterwards.

What is cached
    Compiled programs (`programs.program`) and tabulated arrays such as quadrature nodes (`arrays.stored_arrays`). Cached
    or not, the numbers are the same; only time is saved. Functions call these two and need to know nothing else.

Where it is (`folder`)
    The folder in `SHAREDTRUNK_CACHE_DIR`, else `sharedtrunk/xla` in the user's own cache folder (`XDG_CACHE_HOME`, else
    `~/.cache`). The first entry makes it. An empty `SHAREDTRUNK_CACHE_DIR` switches the cache off. The folder serves the
    command line, its worker processes and library users alike, and may be deleted at any time.

What finds an entry (`fingerprint`)
    Its file is named by the sha256 of all that determines its content: the function, shapes and static arguments, the
    sources of the numerical packages, the versions of the libraries, the processor and the settings of JAX. A change
    of any of them makes a new entry and leaves the old one unused; entries unused for 30 days are removed.

What protects it (`entries`, `structure`)
    A compiled program is machine code, so the folder and every file must belong to this user and be writable by nobody
    else; otherwise one line says so and nothing is cached. Every file carries a checksum, and a damaged one is made again.
    Nothing is unpickled. Processes that start together wait for the first to make an entry, for ten seconds at most.

What is not cached
    Calls inside `jax.jit`, `vmap` or `grad`, on an accelerator or on several devices, under JAX's debugging switches, and
    with functions or classes from outside sharedtrunk and the numerical libraries as arguments. They run as under
    `equinox.filter_jit`.

Nothing is imported here: the command line asks for the folder without loading JAX.
"""
