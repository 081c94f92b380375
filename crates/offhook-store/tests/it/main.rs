//! The store, from outside, on real files.

#[cfg(test)]
mod asides;
#[cfg(test)]
mod events;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod fold;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod inbox;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod rebuild;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sync;
