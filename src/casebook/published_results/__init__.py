"""The ledger: every published experiment repeated on the real files, compared with the printed figures."""
