"""How anything is followed in time: steps, legs, the minimum of a loss and when it counts as bracketed, and the records
that students and theory return. `result` needs no JAX."""
