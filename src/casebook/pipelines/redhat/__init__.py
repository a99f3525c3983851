"""Red Hat business value: which customers will be of high value. Its tables, columns and join are declared."""
