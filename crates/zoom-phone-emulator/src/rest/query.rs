//! Query strings as Zoom reads them.

use std::str::FromStr;

use url::form_urlencoded;

use super::Refusal;

/// The parameters of a request, in order.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Zoom's own SDK writes lists as `name[]=a&name[]=b`; that is the same as `name=a&name=b`.
    pub(crate) fn parse(raw: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned();
        let plain = |name: String| name.strip_suffix("[]").map(str::to_owned).unwrap_or(name);
        Self(pairs.map(|(name, value)| (plain(name), value)).collect())
    }

    /// A parameter that may be given once; empty counts as absent.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be of a certain form.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let invalid = |value: &str| Refusal::invalid(format!("The value {value:?} of {name} is invalid."));
        self.one(name).map(|value| value.parse().map_err(|_| invalid(value))).transpose()
    }

    /// The `page_size`, 30 unless given.
    pub(crate) fn page_size(&self, largest: usize) -> Result<usize, Refusal> {
        let size = self.parsed("page_size")?.unwrap_or(30.min(largest));
        if (1..=largest).contains(&size) {
            return Ok(size);
        }
        Err(Refusal::invalid(format!("The page_size must be between 1 and {largest}.")))
    }

    /// All values, of any parameter.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value.as_str())
    }

    /// An array, given as a repeated parameter or as one with commas.
    pub(crate) fn many(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(key, _)| key == name);
        values.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    /// All parameters but those of paging, in a fixed order: what must stay the same between pages.
    pub(crate) fn filters(&self) -> String {
        let mut filters: Vec<_> = self
            .0
            .iter()
            .filter(|(key, value)| key != "page_size" && key != "next_page_token" && !value.is_empty())
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        filters.sort();
        filters.join("&")
    }
}
