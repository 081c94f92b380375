//! Phone numbers as people and Zoom write them.
