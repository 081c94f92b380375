//! Calls, legs, elements and events as tables: the same columns in CSV, NDJSON and Parquet.
