"""Two provincial platforms, as programs of their own that know nothing of the gateway: only their dialect.

They share what every platform has (a file of cases, a back office, faults) and differ in everything a partner sees.
They import nothing of ``gateway``, ``trust`` or ``adapters``: what they know of the other side came over the line.
"""
