//! The server on a real loopback socket, against the emulator where Zoom is needed.

#[cfg(test)]
mod access;
#[cfg(test)]
mod api;
#[cfg(test)]
mod channel;
#[cfg(test)]
mod compat;
#[cfg(test)]
mod export;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod live;
#[cfg(test)]
mod media;
#[cfg(test)]
mod reconciliations;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod sync_faults;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod week;
