"""Every published experiment run again on the real files, beside what was printed."""
