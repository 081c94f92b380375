//! Encryption of what is stored: AES-256-GCM, a random nonce for each record.
//!
//! A sealed record is bound to its name: moved under another name it does not open. What it cannot show is that
//! somebody put back an older record of the same name; who can write to the store can do that.

use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::random;

/// What a sealed record begins with; then the id of the key, the nonce, the encrypted text and its tag.
const MAGIC: &[u8; 4] = b"ZPS1";
const KEY_ID_LEN: usize = 8;
const HEAD_LEN: usize = MAGIC.len() + KEY_ID_LEN + NONCE_LEN;
const KEY_LEN: usize = 32;

/// A key of 32 bytes that seals and opens records. Wiped from memory when dropped.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; KEY_LEN]>);

/// Why a record cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The text is no key.
    #[error(
        "a key is 32 bytes, written as 64 hexadecimal digits or in base64; make one with `openssl rand -hex 32`"
    )]
    BadKey,
    /// The key file cannot be used.
    #[error("the key file {} cannot be used; check that it exists and may be read", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Others than its owner may read the key file.
    #[error("others may read the key file {}; `chmod 600` it, and make a new key if they should not know this one", .0.display())]
    KeyFileOpen(PathBuf),
    /// Not written by this crate.
    #[error("this is no sealed record; something else wrote it, or it was cut off")]
    Foreign,
    /// Sealed with another key.
    #[error(
        "this record was sealed with another key; give the key that it was written with, or sign in again"
    )]
    WrongKey,
    /// The key is right, and yet it does not open.
    #[error("this record was changed, damaged or moved here from another name; sign in again")]
    Tampered,
    /// The machine has no random numbers, or the cipher refused.
    #[error("the cipher failed; nothing was written")]
    Cipher,
}

impl SealKey {
    /// A key from text: 64 hexadecimal digits, or base64 of 32 bytes.
    pub fn from_text(text: &SecretString) -> Result<Self, SealError> {
        let text = text.expose_secret().trim();
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        if text.len() == 2 * KEY_LEN {
            hex::decode_to_slice(text, &mut *bytes).map_err(|_| SealError::BadKey)?;
        } else {
            let decoded = Zeroizing::new(BASE64_STANDARD.decode(text).map_err(|_| SealError::BadKey)?);
            *bytes = decoded.as_slice().try_into().map_err(|_| SealError::BadKey)?;
        }
        Ok(Self(bytes))
    }

    /// The key in a file, in hexadecimal; if there is no such file, a new key in a new file that only its owner
    /// may read. Blocks.
    pub fn from_file(path: &Path) -> Result<Self, SealError> {
        let failed = |source| SealError::KeyFile { path: path.to_owned(), source };
        if !path.try_exists().map_err(failed)? {
            make_key_file(path)?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
                return Err(SealError::KeyFileOpen(path.to_owned()));
            }
        }
        Self::from_text(&std::fs::read_to_string(path).map_err(failed)?.into())
    }

    /// Encrypts a record that is kept under this name.
    pub fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + AES_256_GCM.tag_len()));
        text.extend_from_slice(plain);
        let nonce =
            self.cipher()?.seal_in_place_append_tag(aad(name), &mut *text).map_err(|_| SealError::Cipher)?;
        let mut sealed = Vec::with_capacity(HEAD_LEN + text.len());
        sealed.extend_from_slice(MAGIC);
        sealed.extend_from_slice(&self.id());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Decrypts what [`SealKey::seal`] made for the same name.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (head, text) = sealed.split_at_checked(HEAD_LEN).ok_or(SealError::Foreign)?;
        let (magic, rest) = head.split_at(MAGIC.len());
        let (key_id, nonce) = rest.split_at(KEY_ID_LEN);
        if magic != MAGIC {
            return Err(SealError::Foreign);
        }
        if key_id != self.id() {
            return Err(SealError::WrongKey);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Foreign)?;
        let mut plain = Zeroizing::new(text.to_vec());
        let length = self
            .cipher()?
            .open_in_place(nonce, aad(name), &mut plain)
            .map_err(|_| SealError::Tampered)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SealError> {
        RandomizedNonceKey::new(&AES_256_GCM, &*self.0).map_err(|_| SealError::Cipher)
    }

    /// Tells a wrong key from a damaged record. The key is 32 random bytes; nothing can be learnt of it from here.
    fn id(&self) -> [u8; KEY_ID_LEN] {
        let digest = Sha256::new().chain_update(b"zoom-phone seal key id\0").chain_update(*self.0).finalize();
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest[..KEY_ID_LEN]);
        id
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(..)")
    }
}

fn aad(name: &str) -> Aad<Vec<u8>> {
    Aad::from([b"zoom-phone seal v1\0", name.as_bytes()].concat())
}

/// Writes a new key beside the place and links it there: of two processes that do so one wins, and neither reads
/// half a key.
fn make_key_file(path: &Path) -> Result<(), SealError> {
    use std::io::Write as _;

    let failed = |source| SealError::KeyFile { path: path.to_owned(), source };
    let key: Zeroizing<[u8; KEY_LEN]> = random::bytes().ok_or(SealError::Cipher)?;
    let suffix = hex::encode(*random::bytes::<8>().ok_or(SealError::Cipher)?);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{suffix}.new"));
    let draft = path.with_file_name(name);
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let text = Zeroizing::new(hex::encode(*key) + "\n");
    let made = options
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    let removed = std::fs::remove_file(&draft);
    made.and(removed).map_err(failed)?;
    super::file::sync_directory_of(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SealKey {
        SealKey(Zeroizing::new([byte; KEY_LEN]))
    }

    #[test]
    fn each_way_not_to_open_has_its_own_error() {
        let sealed = key(1).seal("anna", b"the secret").unwrap();
        assert!(matches!(key(2).open("anna", &sealed), Err(SealError::WrongKey)));
        assert!(matches!(key(1).open("berta", &sealed), Err(SealError::Tampered)));
        assert!(matches!(key(1).open("anna", &sealed[..HEAD_LEN - 1]), Err(SealError::Foreign)));
        assert!(matches!(key(1).open("anna", &sealed[..sealed.len() - 1]), Err(SealError::Tampered)));
        assert!(matches!(
            key(1).open("anna", b"{\"access_token\":\"plain text of something else\"}"),
            Err(SealError::Foreign)
        ));
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        assert_ne!(key(1).seal("anna", b"text").unwrap(), key(1).seal("anna", b"text").unwrap());
    }

    #[test]
    fn a_key_is_read_as_hexadecimal_or_base64_and_nothing_else() {
        let hex = SecretString::from("01".repeat(32) + "\n");
        let base64 = SecretString::from(BASE64_STANDARD.encode([1u8; 32]));
        assert_eq!(*SealKey::from_text(&hex).unwrap().0, [1; 32]);
        assert_eq!(*SealKey::from_text(&base64).unwrap().0, [1; 32]);
        for bad in ["", "01", "password", &"zz".repeat(32), &BASE64_STANDARD.encode([1u8; 31])] {
            assert!(matches!(SealKey::from_text(&bad.into()), Err(SealError::BadKey)), "{bad}");
        }
    }

    #[test]
    fn a_key_never_shows_itself() {
        assert_eq!(format!("{:?}", key(7)), "SealKey(..)");
    }

    proptest::proptest! {
        #[test]
        fn what_was_sealed_opens_and_no_changed_byte_goes_unseen(
            name: String, plain: Vec<u8>, at: proptest::sample::Index, flip in 1u8..
        ) {
            let mut sealed = key(1).seal(&name, &plain).unwrap();
            proptest::prop_assert_eq!(&*key(1).open(&name, &sealed).unwrap(), &plain);
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            proptest::prop_assert!(key(1).open(&name, &sealed).is_err());
        }
    }
}
