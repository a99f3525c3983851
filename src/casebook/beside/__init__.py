"""Nodes that run in a process of their own while the run goes on: fits of the reference and drawing, never the network.

A node says so by the tag `beside`; it stays a pure function in the one graph, with its inputs, outputs and hooks.
"""
