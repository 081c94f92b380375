//! Types of the Zoom Phone platform: webhook events and the operation catalogue, generated from Zoom's OpenAPI documents. No I/O.
