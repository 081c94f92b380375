//! Rust source of the typed client: a file for each group.

use super::emit_types::rust_name;
use super::model::{Body, Kind, Model, Operation, Parameter, Response};
use super::naming::{Named, Place};
use super::rules::Rules;
use crate::codegen::emit_events::HEADER;
use crate::codegen::names::{pascal, snake};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Methods that every builder has: no parameter may be called so.
const COMMON: [&str; 9] =
    ["answer", "deadline", "download", "into_future", "pages", "priority", "send", "unchecked", "window"];

/// The most arguments of a method, beside `self`.
const ARGUMENTS: usize = 5;

/// The files, by name below `crates/zoom-phone`.
pub(super) fn files(model: &Model, named: &Named, rules: &Rules) -> Result<BTreeMap<String, String>> {
    let mut groups: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in &model.operations {
        groups.entry(&operation.group).or_default().push(operation);
    }
    let mut files = BTreeMap::new();
    let mut index = format!("{HEADER}//! The typed client, by group.\n\nuse crate::client::Client;\n\n");
    let mut doors = String::new();
    let mut table = String::new();
    for (name, operations) in groups {
        let handle = pascal(name);
        writeln!(index, "pub mod {name};")?;
        writeln!(
            doors,
            "    /// {} operations: [`{name}::{handle}`].\n    #[inline]\n    pub fn {name}(&self) -> {name}::{handle}<'_> {{\n        \
             {name}::{handle}::new(self)\n    }}\n",
            operations.len()
        )?;
        for operation in &operations {
            writeln!(table, "    ({:?}, \"{name}.{}\"),", operation.name, operation.method)?;
        }
        files.insert(
            format!("src/generated/{name}.rs"),
            group(named, rules, &handle, &operations).context(name.to_owned())?,
        );
    }
    write!(
        index,
        "\nimpl Client {{\n{doors}}}\n\n/// Each operation's name in the catalogue, and its group and method here.\n\
         pub const OPERATIONS: &[(&str, &str)] = &[\n{table}];\n"
    )?;
    files.insert("src/generated/mod.rs".to_owned(), index);
    Ok(files)
}

fn group(named: &Named, rules: &Rules, handle: &str, operations: &[&Operation]) -> Result<String> {
    let mut methods = String::new();
    let mut builders = String::new();
    let mut taken = BTreeSet::from([handle.to_owned()]);
    for operation in operations {
        let described = describe(operation, rules);
        let call = Builder::of(named, operation).with_context(|| operation.name.clone())?;
        if call.own && !taken.insert(pascal(&operation.method)) {
            bail!("{}: two types are called {}", operation.name, pascal(&operation.method));
        }
        call.method(&mut methods, &described)?;
        call.builder(&mut builders)?;
    }
    let mut out = format!("{HEADER}//! Operations of `{}`.\n\n", snake(handle));
    if methods.contains("body: ") {
        out += "#![allow(clippy::needless_pass_by_value, reason = \"bodies are made for the call\")]\n\n";
    }
    let used = |name: &str| methods.contains(name) || builders.contains(name);
    for (name, path) in [
        ("FileRequest", "crate::api::FileRequest"),
        ("Request<", "crate::api::Request"),
        ("builder! {", "crate::api::builder"),
        ("Client", "crate::client::{Call, Client}"),
        ("Part", "crate::client::Part"),
        ("types::", "crate::types"),
        ("Timestamp", "jiff::Timestamp"),
        ("Value", "serde_json::Value"),
        (".to_json()", "zoom_phone_types::Wire as _"),
    ] {
        if name == "Client" || used(name) {
            writeln!(out, "use {path};")?;
        }
    }
    write!(
        out,
        "\n/// Operations of `{0}`.\n#[derive(Clone, Copy, Debug)]\npub struct {handle}<'a> {{\n    client: &'a Client,\n}}\n\n\
         impl<'a> {handle}<'a> {{\n    #[inline]\n    pub(crate) fn new(client: &'a Client) -> Self {{\n        \
         Self {{ client }}\n    }}\n\n{methods}}}\n\n{builders}",
        snake(handle)
    )?;
    Ok(out)
}

/// Facts, and remarks of our own: Zoom's text is Zoom's.
fn describe(operation: &Operation, rules: &Rules) -> String {
    let Operation { verb, path, id, rate, scopes, host, page_size_max, .. } = operation;
    let mut lines = vec![format!("`{verb} {path}`, Zoom's `{id}`.")];
    if let Some(host) = host {
        lines.push(format!("At `{host}`."));
    }
    if let Some(max) = page_size_max {
        lines.push(format!("Pages of at most {max}."));
    }
    let rate =
        rate.as_deref().map_or("no rate limit is documented".to_owned(), |rate| format!("counts as {rate}"));
    let scopes: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    lines.push(String::new());
    lines.push(format!("Rate limit: {rate}. Any of these scopes: {}.", scopes.join(", ")));
    if let Some(remark) = rules.remark(&format!("{}.{}", operation.group, operation.method)) {
        lines.extend([String::new(), remark.to_owned()]);
    }
    lines.iter().fold(String::new(), |text, line| text + "    /// " + line + "\n")
}

/// One operation's method, and the struct it returns if it has one of its own.
struct Builder<'a> {
    operation: &'a Operation,
    named: &'a Named,
    /// Parameters that are arguments; the others have setters.
    required: Vec<&'a Parameter>,
    optional: Vec<&'a Parameter>,
    /// What it returns when it is sent.
    answer: String,
    items: Option<String>,
    own: bool,
}

impl<'a> Builder<'a> {
    fn of(named: &'a Named, operation: &'a Operation) -> Result<Self> {
        let (required, optional): (Vec<&Parameter>, Vec<&Parameter>) =
            operation.parameters.iter().partition(|parameter| parameter.required || parameter.in_path);
        let answer = match &operation.response {
            Response::Empty => "()".to_owned(),
            Response::File => String::new(),
            Response::Json(kind) => client_type(named, kind)?,
        };
        let items = operation.items.as_ref().map(|kind| client_type(named, kind)).transpose()?;
        let own = !optional.is_empty() || items.is_some();
        if own && answer.is_empty() {
            bail!("a file with optional parameters: not foreseen");
        }
        Ok(Self { operation, named, required, optional, answer, items, own })
    }

    /// The method of the group's handle.
    fn method(&self, out: &mut String, described: &str) -> Result<()> {
        let mut arguments = Vec::new();
        let mut steps = String::new();
        for parameter in &self.required {
            let rust = rust_name(self.named, &parameter.wire);
            let (ty, step) = if parameter.in_path {
                let (ty, value) = match &parameter.kind {
                    Kind::Text => ("&str".to_owned(), rust.clone()),
                    Kind::Vocabulary(_) => (
                        format!("impl Into<{}>", client_type(self.named, &parameter.kind)?),
                        format!("{rust}.into().to_string()"),
                    ),
                    Kind::Int => ("i64".to_owned(), format!("{rust}.to_string()")),
                    other => bail!("{other:?} in the path"),
                };
                (ty, format!("path({:?}, {value})", parameter.wire))
            } else {
                self.query(parameter, &rust)?
            };
            arguments.push(format!("{rust}: {ty}"));
            write!(steps, ".{step}")?;
        }
        match &self.operation.body {
            Some(Body::Json(kind)) => {
                arguments.push(format!("body: {}", client_type(self.named, kind)?));
                steps += ".typed_body(&body)";
            }
            Some(Body::Multipart(parts)) => {
                for (name, file) in parts {
                    let rust = rust_name(self.named, name);
                    if !file {
                        bail!("a part that is no file: not foreseen");
                    }
                    arguments.push(format!("{rust}: Part"));
                    write!(steps, ".part({name:?}, {rust})")?;
                }
            }
            None => {}
        }
        if arguments.len() > ARGUMENTS {
            bail!("{} arguments", arguments.len());
        }
        let returns = self.returns();
        arguments.insert(0, "&self".to_owned());
        let arguments = arguments.join(", ");
        let deprecated = if self.operation.deprecated {
            "    #[deprecated = \"Zoom marks this operation as deprecated\"]\n"
        } else {
            ""
        };
        let name = match returns.split_once('<') {
            Some((name, _)) => name,
            None => &returns,
        };
        writeln!(
            out,
            "{described}{deprecated}    #[inline]\n    pub fn {}({arguments}) -> {returns} {{\n        \
             {name}::of(Call::new(self.client, {:?}){steps})\n    }}\n",
            self.operation.method, self.operation.name
        )?;
        Ok(())
    }

    fn returns(&self) -> String {
        if self.own {
            pascal(&self.operation.method)
        } else if self.answer.is_empty() {
            "FileRequest".to_owned()
        } else {
            format!("Request<{}>", self.answer)
        }
    }

    /// The struct with the setters, if the operation has optional parameters.
    fn builder(&self, out: &mut String) -> Result<()> {
        if !self.own {
            return Ok(());
        }
        let name = self.returns();
        let items = self.items.as_ref().map(|items| format!(", pages of {items}")).unwrap_or_default();
        writeln!(
            out,
            "builder! {{\n    /// A request of [`{}`](super::{1}::{2}::{0}), not sent yet.\n    {name} -> {3}{items}\n}}\n\nimpl {name} {{",
            self.operation.method,
            self.operation.group,
            pascal(&self.operation.group),
            self.answer
        )?;
        let is_optional = |name: &str| self.optional.iter().any(|it| it.wire == name);
        let window = is_optional("from") && is_optional("to");
        for parameter in &self.optional {
            let rust = rust_name(self.named, &parameter.wire);
            if COMMON.contains(&rust.as_str()) {
                bail!("a parameter called {rust}: name it in codegen/shapes.toml");
            }
            let (ty, step) = self.query(parameter, "value")?;
            let split = if window && ["from", "to"].contains(&parameter.wire.as_str()) {
                " Only [`Self::window`] splits a time that is longer than Zoom takes at once, a month."
            } else {
                ""
            };
            writeln!(
                out,
                "    /// `{}`.{}{split}\n    #[inline]\n    pub fn {rust}(self, value: {ty}) -> Self {{\n        \
                 Self::of(self.call.{step})\n    }}\n",
                parameter.wire, parameter.notes
            )?;
        }
        if window {
            out.push_str(
                "    /// `from` and `to`, as instants: see [`Call::window`].\n    #[inline]\n    \
                 pub fn window(self, from: Timestamp, to: Timestamp) -> Self {\n        \
                 Self::of(self.call.window(from, to))\n    }\n",
            );
        }
        out.push_str("}\n\n");
        Ok(())
    }

    /// The type of a query parameter's argument, and the step that sets it.
    fn query(&self, parameter: &Parameter, value: &str) -> Result<(String, String)> {
        let wire = &parameter.wire;
        let one = |kind: &Kind| -> Result<String> {
            Ok(match kind {
                Kind::Text | Kind::Time => "impl Into<String>".to_owned(),
                Kind::Vocabulary(_) => format!("impl Into<{}>", client_type(self.named, kind)?),
                Kind::Int => "i64".to_owned(),
                Kind::Float => "f64".to_owned(),
                Kind::Bool => "bool".to_owned(),
                other => bail!("{wire}: {other:?} in the query"),
            })
        };
        if let Kind::List(items) = &parameter.kind {
            let ty = one(items)?;
            let each = match ty.strip_prefix("impl ") {
                Some(into) => format!("{value}.into_iter().map({}::into)", into.replace("Into<", "Into::<")),
                None => value.to_owned(),
            };
            return Ok((format!("impl IntoIterator<Item = {ty}>"), format!("query_all({wire:?}, {each})")));
        }
        let ty = one(&parameter.kind)?;
        let into = if ty.starts_with("impl") { ".into()" } else { "" };
        Ok((ty, format!("query({wire:?}, {value}{into})")))
    }
}

/// A type as the client's modules call it.
pub(super) fn client_type(named: &Named, kind: &Kind) -> Result<String> {
    let place = |place: Option<&Place>| -> Result<String> {
        let Place { module, name } = place.context("a type without a name")?;
        Ok(format!("types::{}::{name}", module.as_deref().unwrap_or("events")))
    };
    Ok(match kind {
        Kind::Text => "String".to_owned(),
        Kind::Int => "i64".to_owned(),
        Kind::Float => "f64".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Time => "types::events::Time".to_owned(),
        Kind::Any => "Value".to_owned(),
        Kind::List(items) => format!("Vec<{}>", client_type(named, items)?),
        Kind::Vocabulary(index) => place(named.vocabularies.get(index))?,
        Kind::Struct(index) => place(named.objects.get(index))?,
        Kind::Choice(index) => place(named.choices.get(index))?,
    })
}
