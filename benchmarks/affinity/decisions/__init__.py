"""Is following the advice better than anything simple? Draws of public tables, what was known before, and what came true."""
