//! Random numbers that nobody can guess.

use secrecy::zeroize::Zeroizing;

/// `None`: the machine has none.
pub(super) fn bytes<const N: usize>() -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    aws_lc_rs::rand::fill(&mut *bytes).ok()?;
    Some(bytes)
}
