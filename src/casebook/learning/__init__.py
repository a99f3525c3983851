"""The library that every case shares; it knows no Kedro."""
