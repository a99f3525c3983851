"""The ledger: every published experiment run again on the real files, and set beside what was printed."""
