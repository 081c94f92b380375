//! The binary, as a person or a service manager runs it.

#[cfg(test)]
mod ask;
#[cfg(test)]
mod config;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod listen;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stop;
