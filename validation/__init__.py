"""Simulation study of overflight: truth drawn, seen, judged and scored; run as ``python -m validation`` from a clone.

The order of the files is the order of the work: ``field`` (winds), ``strata`` (what is asked), ``wind_error`` and
``levels`` and ``truth`` (what happened), ``seen`` (what was reported), ``judges`` (what overflight says of it),
``scores``, ``cases`` (one block of all this), ``run`` (many blocks), ``tables`` and ``figures``; ``real`` does the same
with recorded flights.
"""
