//! The binary, as a person or a service manager runs it.

#[cfg(test)]
mod api;
#[cfg(test)]
mod ask;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod config;
#[cfg(test)]
mod dial;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod emulator;
#[cfg(test)]
mod export;
#[cfg(test)]
mod import;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod listen;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod media;
#[cfg(test)]
mod migrate;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod zoom;
