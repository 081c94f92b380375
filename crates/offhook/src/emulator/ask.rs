//! Asking a running emulator.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;
use url::Url;

use crate::args::emulator::WhichEmulator;

/// A running emulator.
pub(super) struct Control {
    base: Url,
    http: reqwest::Client,
}

impl Control {
    pub(super) fn new(which: &WhichEmulator) -> anyhow::Result<Self> {
        // A jump of the clock over days takes its time; nobody waits for a connection so long.
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).no_proxy().build()?;
        Ok(Self { base: which.url.clone(), http })
    }

    /// Asks an endpoint under `/_emulator`, given in segments.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().push("_emulator").extend(path),
            Err(()) => bail!("{} is no address; give one such as http://127.0.0.1:8090", self.base),
        };
        let mut request = self.http.request(method, url).query(query);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| {
            format!(
                "no emulator answers at {}; start it with `offhook emulator`, or name another with --url",
                self.base
            )
        })?;
        let status = response.status();
        let body = response.bytes().await.with_context(|| format!("{} broke off its answer", self.base))?;
        let answer = serde_json::from_slice::<Value>(&body);
        if !status.is_success() {
            let said = answer.as_ref().ok().and_then(|answer| answer["error"].as_str());
            match said {
                Some(said) => bail!("{said}"),
                None => bail!("{} answered with status {status}; is it this version's emulator?", self.base),
            }
        }
        answer.with_context(|| format!("{} answered with no JSON; is it the emulator?", self.base))
    }
}
