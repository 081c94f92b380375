//! Reading Zoom's documents.

use super::say;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// One OpenAPI document.
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// The three documents the generator reads.
pub(crate) struct Documents {
    pub(crate) phone: Document,
    pub(crate) numbers: Document,
    pub(crate) webhooks: Document,
}

impl Documents {
    /// Name and content of each.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        [&self.phone, &self.numbers, &self.webhooks].into_iter().map(|it| (it.name, it.text.as_str()))
    }
}

const PHONE: &str = "zoom-phone-api-openapi.json";
const NUMBERS: &str = "zoom-phone-number-management-openapi.json";
const WEBHOOKS: &str = "zoom-phone-webhooks-openapi.json";

fn missing(folder: &Path) -> Vec<&'static str> {
    [PHONE, NUMBERS, WEBHOOKS].into_iter().filter(|name| !folder.join(name).exists()).collect()
}

/// The documents in `folder`; `None`, said aloud, if they are not here.
pub(super) fn documents(folder: &Path) -> Result<Option<Documents>> {
    let missing = missing(folder);
    if !missing.is_empty() {
        say(
            "Zoom's OpenAPI documents are not here; generated files were neither checked nor changed. Skipped:",
        );
        for name in missing {
            say(&format!("  ../shared/zoom/{name}"));
        }
    }
    documents_quietly(folder)
}

/// The documents in `folder`; `None` if they are not here.
pub(crate) fn documents_quietly(folder: &Path) -> Result<Option<Documents>> {
    if !missing(folder).is_empty() {
        return Ok(None);
    }
    let read = |name| -> Result<Document> {
        let text = std::fs::read_to_string(folder.join(name)).context(name)?;
        let json = serde_json::from_str(&text).context(name)?;
        Ok(Document { name, text, json })
    };
    Ok(Some(Documents { phone: read(PHONE)?, numbers: read(NUMBERS)?, webhooks: read(WEBHOOKS)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_without_the_documents_is_fine() {
        assert!(documents(Path::new("no/such/folder")).unwrap().is_none());
    }
}
