"""How students and theory are followed in time, and the records that both return.

Steps, legs, the minimum of a loss, and when that minimum counts as bracketed. `result` needs no JAX.
"""
