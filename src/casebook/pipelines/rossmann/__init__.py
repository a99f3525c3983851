"""Rossmann: the sales of each store on each day. Its tables, columns and join are declared in its parameters."""
