//! Exports: every format says what the views say; files outlive a kill; the second run writes what is new.

mod columns;
mod csv;
mod files;
mod formats;
mod rig;
