"""Rehearsals: a petition is lived through in simulation, in accelerated time."""
