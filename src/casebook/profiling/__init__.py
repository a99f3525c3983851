"""A look at raw tables before anything is done to them."""
