"""Requests and replies: the EC2 Query protocol and AWS's query protocol in both directions, driven by tables. No I/O.

message: the values of the edge. decode: a request to an action and its parameters, by way of pairs and form. model: the
services and their actions. xml, envelopes, plain, parse: results out, and back in. dialects: the two protocols.
sigv4: signatures. limits: how much a request may hold. refusals: the errors of this layer.
"""
