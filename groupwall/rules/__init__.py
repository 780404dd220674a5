"""The pure core: what a rule is, and what a request says about rules. No clock, no chance, no I/O.

values: the nouns. parsing: text to canonical text. permissions: the wire's bundles to rules and back. match: which
stored rules a request means. weight: what rules cost against the quota. spans, traffic: sets of flows, exactly. flows:
addresses and services as numbers, and traffic as text. verdict: whether a flow passes, and which rules say so.
"""
