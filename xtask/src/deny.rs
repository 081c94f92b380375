//! `cargo xtask deny`: the rules of deny.toml, for machines without cargo-deny.
//!
//! Reads the part of cargo-deny's format that this project uses. A setting that it does not know is an error:
//! better no answer than a wrong one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::workspace::{cargo, execute, json, output, root};
use crate::{spdx, system};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    graph: Graph,
    #[expect(dead_code, reason = "read by cargo-deny alone, which has the advisory database")]
    advisories: toml::Table,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
    unused_allowed_license: Level,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    multiple_versions: Level,
    deny: Vec<Entry>,
    skip: Vec<Entry>,
}

/// A crate, by `name` or `name@version`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "crate")]
    spec: String,
    reason: String,
    /// Of what is banned: who may need it all the same.
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    unknown_registry: Level,
    unknown_git: Level,
    allow_registry: Vec<String>,
    allow_git: Vec<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Deny,
}

/// A package that is built for one of the targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// `None`: part of this workspace.
    source: Option<String>,
    license: Option<String>,
    /// Names of the packages that need it.
    needed_by: BTreeSet<String>,
}

pub(crate) fn run() -> Result<()> {
    let text = std::fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    let packages = packages(&rules.graph)?;
    let faults = check(&rules, &packages);
    for fault in &faults {
        println!("{fault}");
    }
    advisories()?;
    if !faults.is_empty() {
        bail!("{} faults by the rules of deny.toml", faults.len());
    }
    println!("{} packages keep the rules of deny.toml: licences, bans, duplicates, sources", packages.len());
    Ok(())
}

/// The packages that are built, with their licences.
///
/// `cargo tree` knows which ones are built; the lock file and `cargo metadata` also name optional ones that no
/// feature asks for. `cargo metadata` knows the licences.
fn packages(graph: &Graph) -> Result<Vec<Package>> {
    let mut tree = cargo();
    tree.args(["tree", "--workspace", "--edges=normal,build,dev", "--prefix=none", "--format={p}"]);
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version=1"]);
    for target in &graph.targets {
        tree.args(["--target", target]);
        metadata.args(["--filter-platform", target]);
    }
    let tree = output(&mut tree)?;
    let built: BTreeSet<_> = tree.lines().filter_map(name_and_version).collect();
    let metadata = json(&mut metadata)?;
    let all = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let text = |package: &Value, field: &str| package[field].as_str().map(str::to_owned);
    let nodes = metadata["resolve"]["nodes"].as_array().context("cargo metadata resolves nothing")?;
    let name_of = |id: &Value| {
        all.iter().find(|package| package["id"] == *id).and_then(|package| text(package, "name"))
    };
    let needed_by = |id: &Value| {
        let needs = |node: &&Value| node["dependencies"].as_array().is_some_and(|needs| needs.contains(id));
        nodes.iter().filter(needs).filter_map(|node| name_of(&node["id"])).collect()
    };
    all.iter()
        .map(|package| {
            Ok(Package {
                needed_by: needed_by(&package["id"]),
                name: text(package, "name").context("a package without a name")?,
                version: text(package, "version").context("a package without a version")?,
                source: text(package, "source"),
                license: text(package, "license"),
            })
        })
        .filter(|package| {
            package.as_ref().map_or(true, |p| built.contains(&(p.name.as_str(), p.version.as_str())))
        })
        .collect()
}

/// `name` and `version` of a line such as `serde v1.0.229 (proc-macro) (*)`.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// Everything that breaks a rule, one line each.
fn check(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let Rules { licenses, bans, sources, .. } = rules;
    let mut faults = Vec::new();
    check_licenses(licenses, packages, &mut faults);

    for entry in &bans.deny {
        let is_wrapped = |package: &Package| {
            !entry.wrappers.is_empty() && package.needed_by.iter().all(|name| entry.wrappers.contains(name))
        };
        for package in packages.iter().filter(|package| entry.matches(package) && !is_wrapped(package)) {
            faults.push(format!("{}: banned ({})", package.title(), entry.reason));
        }
    }

    for package in packages {
        let allowed = match package.source.as_deref().map(|source| source.split_once('+')) {
            None => true,
            Some(Some(("registry", url))) => sources.allow_registry.iter().any(|allowed| allowed == url),
            Some(Some(("git", url))) => {
                let url = url.split(['?', '#']).next().unwrap_or(url);
                sources.allow_git.iter().any(|allowed| allowed == url)
            }
            Some(_) => false,
        };
        if !allowed {
            let source = package.source.as_deref().unwrap_or_default();
            faults.push(format!("{}: comes from {source}, which is no allowed source", package.title()));
        }
    }

    let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(package);
    }
    let mut used = BTreeSet::new();
    for (name, several) in versions.iter().filter(|(_, several)| several.len() > 1) {
        let skipped = |package: &&&Package| bans.skip.iter().find(|entry| entry.matches(package));
        used.extend(several.iter().filter_map(|package| Some(skipped(&package)?.spec.as_str())));
        let left: Vec<_> = several.iter().filter(|package| skipped(package).is_none()).collect();
        if left.len() > 1 {
            let listed: Vec<_> = left.iter().map(|package| package.version.as_str()).collect();
            faults.push(format!(
                "{name}: built in the versions {}; agree on one, or add the older to [bans] skip (cargo tree -i {name}@{})",
                listed.join(", "),
                listed[0]
            ));
        }
    }
    for entry in bans.skip.iter().filter(|entry| !used.contains(entry.spec.as_str())) {
        faults.push(format!("deny.toml: [bans] skip of {} is not needed any more", entry.spec));
    }
    // The levels have one value; reading them is what checks them.
    let _ = (&bans.multiple_versions, &sources.unknown_registry, &sources.unknown_git);
    faults
}

fn check_licenses(rules: &Licenses, packages: &[Package], faults: &mut Vec<String>) {
    let mut used = BTreeSet::new();
    for package in packages {
        let extra = rules.exceptions.iter().find(|exception| exception.name == package.name);
        let mut allowed = |licence: &str| {
            let listed = rules.allow.iter().chain(extra.iter().flat_map(|exception| &exception.allow));
            let found = listed.map(String::as_str).find(|allowed| *allowed == licence);
            used.extend(found);
            found.is_some()
        };
        match package.license.as_deref() {
            None => faults.push(format!("{}: names no licence", package.title())),
            Some(expression) => match spdx::acceptable(expression, &mut allowed) {
                Ok(true) => {}
                Ok(false) => faults.push(format!("{}: licence {expression} is not allowed", package.title())),
                Err(error) => faults.push(format!("{}: {error}", package.title())),
            },
        }
    }
    if rules.unused_allowed_license == Level::Deny {
        let listed = rules.allow.iter().chain(rules.exceptions.iter().flat_map(|exception| &exception.allow));
        for licence in listed.filter(|licence| !used.contains(licence.as_str())) {
            faults.push(format!("deny.toml: the allowed licence {licence} is used by no package"));
        }
    }
}

impl Package {
    fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

impl Entry {
    /// `rand@0.9` is every 0.9.x, `rand` every version.
    fn matches(&self, package: &Package) -> bool {
        match self.spec.split_once('@') {
            None => self.spec == package.name,
            Some((name, wanted)) => {
                name == package.name
                    && package
                        .version
                        .strip_prefix(wanted)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
        }
    }
}

/// Known faults of the packages: only cargo-deny has the database, and only from the network.
fn advisories() -> Result<()> {
    if system::find("cargo-deny").is_some() {
        return execute(cargo().args(["deny", "check", "advisories"]));
    }
    println!("Advisories were not checked: they need cargo-deny and its database from the network.");
    println!("To check them: cargo install --locked cargo-deny && cargo deny check advisories");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

    fn rules(skip: &str) -> Rules {
        let text = format!(
            r#"
            [graph]
            targets = []
            [advisories]
            [licenses]
            allow = ["MIT"]
            unused-allowed-license = "deny"
            exceptions = [{{ crate = "data", allow = ["CC0-1.0"] }}]
            [bans]
            multiple-versions = "deny"
            deny = [
                {{ crate = "ring", reason = "no" }},
                {{ crate = "old-clock", wrappers = ["wrapper"], reason = "another serves" }},
            ]
            skip = [{skip}]
            [sources]
            unknown-registry = "deny"
            unknown-git = "deny"
            allow-registry = ["https://github.com/rust-lang/crates.io-index"]
            allow-git = []
            "#
        );
        toml::from_str(&text).unwrap()
    }

    fn package(name: &str, version: &str, license: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            source: Some(CRATES_IO.to_owned()),
            license: Some(license.to_owned()).filter(|license| !license.is_empty()),
            needed_by: BTreeSet::new(),
        }
    }

    fn faults(skip: &str, packages: &[Package]) -> Vec<String> {
        let mut all =
            vec![package("data", "1.0.0", "CC0-1.0"), package("good", "1.0.0", "MIT OR Apache-2.0")];
        all.extend_from_slice(packages);
        check(&rules(skip), &all)
    }

    #[test]
    fn a_tree_that_keeps_the_rules_has_no_faults() {
        assert_eq!(faults("", &[]), Vec::<String>::new());
    }

    #[test]
    fn what_is_banned_may_be_needed_by_its_wrappers_and_by_nobody_else() {
        let old_clock = |by: &[&str]| Package {
            needed_by: by.iter().map(|name| (*name).to_owned()).collect(),
            ..package("old-clock", "1.0.0", "MIT")
        };
        assert_eq!(faults("", &[old_clock(&["wrapper"])]), Vec::<String>::new());
        assert_eq!(
            faults("", &[old_clock(&["wrapper", "good"])]),
            ["old-clock 1.0.0: banned (another serves)"]
        );
    }

    #[test]
    fn each_broken_rule_is_named() {
        let git = Package {
            source: Some("git+https://example.test/x?rev=1#1".to_owned()),
            ..package("x", "1.0.0", "MIT")
        };
        let broken = [
            package("gpl", "1.0.0", "GPL-3.0"),
            package("borrowed", "1.0.0", "CC0-1.0"),
            package("silent", "1.0.0", ""),
            package("odd", "1.0.0", "MIT AND"),
            package("ring", "0.17.0", "MIT"),
            git,
        ];
        let found = faults("", &broken).join("\n");
        for expected in [
            "gpl 1.0.0: licence GPL-3.0 is not allowed",
            "borrowed 1.0.0: licence CC0-1.0 is not allowed",
            "silent 1.0.0: names no licence",
            "odd 1.0.0: ",
            "ring 0.17.0: banned (no)",
            "x 1.0.0: comes from git+https://example.test/x",
        ] {
            assert!(found.contains(expected), "{expected} in {found}");
        }
    }

    #[test]
    fn two_versions_need_a_skip_and_a_skip_needs_two_versions() {
        let two = [package("rand", "0.9.5", "MIT"), package("rand", "0.10.4", "MIT")];
        assert!(faults("", &two)[0].starts_with("rand: built in the versions 0.9.5, 0.10.4"));
        let skip = r#"{ crate = "rand@0.9", reason = "x" }"#;
        assert_eq!(faults(skip, &two), Vec::<String>::new());
        assert!(faults(skip, &two[1..])[0].contains("not needed any more"));
    }

    #[test]
    fn a_version_is_matched_by_whole_numbers() {
        let entry = Entry { spec: "rand@0.1".to_owned(), reason: String::new(), wrappers: Vec::new() };
        assert!(entry.matches(&package("rand", "0.1.4", "MIT")));
        assert!(!entry.matches(&package("rand", "0.10.4", "MIT")));
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        assert!(toml::from_str::<Rules>("[graph]\ntargets = []\nall-features = true").is_err());
    }

    #[test]
    fn a_line_of_cargo_tree_is_read() {
        assert_eq!(name_and_version("serde v1.0.2 (proc-macro) (*)"), Some(("serde", "1.0.2")));
        assert_eq!(name_and_version(""), None);
    }
}
