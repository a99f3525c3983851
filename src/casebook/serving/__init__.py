"""A champion over HTTP: raw rows in, predictions out; and the page to try it on."""
