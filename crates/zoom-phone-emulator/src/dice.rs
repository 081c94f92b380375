//! Everything random comes from here, so that a seed decides it all on every machine.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::world::file::Spread;

const ID_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Seeded dice.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// `stream` separates uses of one seed: drawing from one stream does not move the others.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A whole number in `low..=high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..=high)
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }

    /// True in this share of the cases, from 0 to 1.
    pub(crate) fn share(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    /// An index below `length`, which must not be 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// Seconds to the next of events that come `per_minute` times a minute, exponentially distributed.
    pub(crate) fn seconds_to_next(&mut self, per_minute: f64) -> f64 {
        let uniform: f64 = self.0.random();
        -(1.0 - uniform).ln() * 60.0 / per_minute
    }

    /// Seconds that vary as human things do.
    pub(crate) fn spread(&mut self, spread: Spread) -> f64 {
        let (one, other): (f64, f64) = (self.0.random(), self.0.random());
        let normal = (-2.0 * (1.0 - one).ln()).sqrt() * (std::f64::consts::TAU * other).cos();
        spread.median * (spread.spread * normal).exp()
    }

    /// Evenly in 0 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.0.random()
    }

    /// Zoom's usual opaque id: 22 characters of base64url.
    pub(crate) fn opaque_id(&mut self) -> String {
        (0..22).map(|_| char::from(ID_ALPHABET[self.index(ID_ALPHABET.len())])).collect()
    }

    /// A `call_id`: 19 decimal digits.
    pub(crate) fn call_id(&mut self) -> String {
        format!("7{:018}", self.between(0, 999_999_999_999_999_999))
    }

    /// 32 hexadecimal digits, the form of recording and voicemail ids.
    pub(crate) fn hex_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.0.random::<u64>(), self.0.random::<u64>())
    }

    /// A random (version 4) UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low): (u64, u64) = (self.0.random(), self.0.random());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }
}
