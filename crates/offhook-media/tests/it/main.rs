//! The archive on real files and sockets, against the emulator.

#[cfg(test)]
mod bucket;
#[cfg(test)]
mod delete;
#[cfg(test)]
mod fetch;
#[cfg(test)]
mod keep;
#[cfg(test)]
mod rig;
