//! Exports: every format says what the views say; files outlive a kill; the second run writes what is new.

#[cfg(test)]
mod columns;
#[cfg(test)]
mod csv;
#[cfg(test)]
mod files;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod rig;
