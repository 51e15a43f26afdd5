"""Produces models: data, pairs, training, calibration, export. Needs the extra ``train``."""
