"""Your own data: should task B be trained beside task A? Measured first, then explained."""
