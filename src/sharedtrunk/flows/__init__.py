"""How anything is followed in time, and the records that students and theory return.

Steps, legs, the minimum of a loss, and when the minimum counts as bracketed. `result` needs no JAX.
"""
