//! Where recordings, voicemails and transcripts are kept, and which.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use offhook_media::{ArchiveConfig, Bucket, Folder, Policy, S3, Shelf, Source};
use offhook_store::MediaKind;
use secrecy::SecretString;
use zoom_phone::oauth::seal::SealKey;

use super::{Config, settings::list};

const MEGABYTE: u64 = 1_000_000;

impl Config {
    /// What the archive needs, from settings without errors.
    pub(super) fn media(&self, sources: BTreeMap<String, Source>) -> anyhow::Result<ArchiveConfig> {
        let is = |key: &str| self.get(key) == Some("true");
        let names = |key: &str| list(self.get(key).unwrap_or_default()).map(str::to_owned).collect();
        let usual = Policy::default();
        let kinds = self.get("media.kinds").unwrap_or_default();
        let kinds: Vec<MediaKind> = list(kinds).filter_map(MediaKind::from_word).collect();
        let policy = Policy {
            fetch: is("media.fetch"),
            kinds: if kinds.is_empty() { usual.kinds } else { kinds },
            queues: names("media.queues"),
            people: names("media.people"),
            max_age_days: self.number("media.max_age_days"),
            max_bytes: self
                .number("media.max_megabytes")
                .map_or(usual.max_bytes, |most: u64| most * MEGABYTE),
            parallel: self.number("media.parallel").unwrap_or(usual.parallel),
            retention_days: self.number("media.retention_days"),
            follow_trash: is("media.follow_trash"),
        };
        let encrypt = is("media.encrypt");
        Ok(ArchiveConfig { policy, shelf: self.shelf()?, key: self.media_key(encrypt)?, encrypt, sources })
    }

    fn shelf(&self) -> anyhow::Result<Shelf> {
        let Some(name) = self.get("media.s3_bucket") else {
            let folder =
                self.get("media.folder").map_or_else(|| self.data_dir().join("media"), PathBuf::from);
            return Ok(Shelf::Folder(Folder::open(folder)?));
        };
        let text = |key: &str| self.get(key).unwrap_or_default().to_owned();
        let bucket = Bucket {
            endpoint: self.url("media.s3_endpoint")?.context("media.s3_endpoint is not set")?,
            name: name.to_owned(),
            region: text("media.s3_region"),
            prefix: text("media.s3_prefix"),
            key_id: text("media.s3_key_id"),
            secret: SecretString::from(text("media.s3_secret")),
        };
        Ok(Shelf::S3(Box::new(S3::open(bucket, self.data_dir().join("media-drafts"))?)))
    }

    /// The data key. A new one is made only to encrypt; one that is there is read even when nothing new is encrypted.
    fn media_key(&self, make: bool) -> anyhow::Result<Option<SealKey>> {
        if self.get("data.secret_key").is_some() || make || self.tokens_dir().join("key").exists() {
            return crate::zoom::key(self).map(Some);
        }
        Ok(None)
    }
}
