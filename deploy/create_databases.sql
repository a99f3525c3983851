-- PostgreSQL's image makes the first database itself.
CREATE DATABASE mlflow OWNER casebook;
