"""How anything is followed in time: trajectories and how lanes end."""
