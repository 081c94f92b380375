//! Rust source of the types of operations: a file for each group.

use super::model::{Body, Choice, Field, Kind, Model, Object, Operation, Response, Select, Site, Vocabulary};
use super::naming::{Named, Place, SHARED};
use super::rules::Rules;
use crate::codegen::emit_events::HEADER;
use crate::codegen::names::{pascal, snake};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The files, by name below `crates/zoom-phone-types`.
pub(super) fn files(model: &Model, named: &Named, rules: &Rules) -> Result<BTreeMap<String, String>> {
    let mut modules: BTreeMap<&str, String> = BTreeMap::new();
    let modules_of = |place: &Place| place.module.clone();
    let all = named.objects.values().chain(named.vocabularies.values()).chain(named.choices.values());
    let names: BTreeSet<String> = all.filter_map(modules_of).collect();
    for name in &names {
        modules.insert(name, String::new());
    }
    for (index, place) in &named.objects {
        if let Some(out) = place.module.as_deref().and_then(|module| modules.get_mut(module)) {
            structure(out, model, named, rules, *index, place)?;
        }
    }
    for (index, place) in &named.choices {
        let choice = model.choices.get(*index).context("no such choice")?;
        if let Some(out) = place.module.as_deref().and_then(|module| modules.get_mut(module)) {
            self::choice(out, model, named, choice, place)?;
        }
    }
    for (index, place) in &named.vocabularies {
        let vocabulary = model.vocabularies.get(*index).context("no such vocabulary")?;
        if let Some(out) = place.module.as_deref().and_then(|module| modules.get_mut(module)) {
            self::vocabulary(out, vocabulary, place)?;
        }
    }
    for operation in &model.operations {
        if let Some(out) = modules.get_mut(operation.group.as_str()) {
            for_update(out, model, named, operation)?;
        }
    }
    let mut files = BTreeMap::new();
    let mut index = format!("{HEADER}//! Types of operations, by group.\n\n");
    for (name, body) in modules {
        let about = if name == SHARED {
            "Types that several groups use".to_owned()
        } else {
            format!("Types of `{name}`")
        };
        writeln!(index, "pub mod {name};")?;
        files.insert(
            format!("src/generated/operations/{name}.rs"),
            format!("{HEADER}//! {about}.\n\n{}\n{body}", head(&body, name)),
        );
    }
    files.insert("src/generated/operations/mod.rs".to_owned(), index);
    Ok(files)
}

/// The lints and imports a file needs.
fn head(body: &str, module: &str) -> String {
    let mut out = String::new();
    if body.contains("choice! {") {
        out += "#![allow(clippy::large_enum_variant, reason = \"forms are as large as their fields; few are held at once\")]\n\n";
    }
    let mut used = |path: &str, is: bool| {
        if is {
            out.extend(["use ", path, ";\n"]);
        }
    };
    used("super::shared", module != SHARED && body.contains("shared::"));
    used("crate::generated::enums", body.contains("enums::"));
    used("crate::time::Time", [": Time,", ": Time [", "<Time>"].iter().any(|it| body.contains(it)));
    used("crate::wire::choice", body.contains("choice! {"));
    used("crate::wire::open_enum", body.contains("open_enum! {"));
    used("crate::wire::wire_struct", body.contains("wire_struct! {"));
    used("serde_json::Value", body.contains("Value,") || body.contains("Value>"));
    out
}

fn structure(
    out: &mut String,
    model: &Model,
    named: &Named,
    rules: &Rules,
    index: usize,
    place: &Place,
) -> Result<()> {
    let object = model.objects.get(index).context("no such object")?;
    writeln!(out, "wire_struct! {{\n    /// {}", places(model, named, index, object))?;
    if let Some(remark) = rules.remark(&place.name) {
        out.push_str("    ///\n");
        remark.lines().try_for_each(|line| writeln!(out, "    /// {line}"))?;
    }
    writeln!(out, "    pub {} {{", place.name)?;
    let mut taken = BTreeSet::from(["extra".to_owned()]);
    for field in &object.fields {
        let rust = rust_name(named, &field.wire);
        if !taken.insert(rust.clone()) {
            bail!("{}: two fields are called {rust}", place.name);
        }
        let mark = match &field.by {
            Some(sibling) => format!(" [by {}]", rust_name(named, sibling)),
            None if named.redacted.contains(&field.wire) => " [redact]".to_owned(),
            None => String::new(),
        };
        let remark = rules.remark_on_field(&place.name, &field.wire);
        let remark = remark.map(|it| format!(" {it}")).unwrap_or_default();
        writeln!(out, "        /// `{}`.{}{remark}", field.wire, notes(field))?;
        writeln!(
            out,
            "        {:?} => {rust}: {}{mark},",
            field.wire,
            rust_type(named, &field.kind, place.module.as_deref())?
        )?;
    }
    out.push_str("    }\n}\n\n");
    for field in object.fields.iter().filter(|field| field.by.is_some()) {
        setter(out, model, named, object, field, place)?;
    }
    Ok(())
}

/// Makes of call handling that was read the body that writes it: the same without what is only displayed.
fn for_update(out: &mut String, model: &Model, named: &Named, get: &Operation) -> Result<()> {
    let update =
        model.operations.iter().find(|it| it.group == get.group && it.method == "update_call_handling");
    let (Response::Json(read), Some(update), "get_call_handling") =
        (&get.response, update, get.method.as_str())
    else {
        return Ok(());
    };
    let Some(Body::Json(body)) = &update.body else { bail!("{} has no body", update.name) };
    let module = Some(get.group.as_str());
    writeln!(
        out,
        "#[cfg(feature = \"catalogue\")]\nimpl {} {{\n    \
         /// The body that writes this back by `{}.{}`: what it takes, without names and numbers that are only read,\n    \
         /// which Zoom forbids or ignores in a request. Of a holiday or a break, add its id (`holiday_hour_id`,\n    \
         /// `break_hour_id`), which is not in what is read.\n    \
         pub fn for_update(self) -> {} {{\n        \
         crate::catalogue::for_body({:?}, &crate::wire::Wire::to_json(&self))\n    }}\n}}\n",
        rust_type(named, read, module)?,
        update.group,
        update.method,
        rust_type(named, body, module)?,
        update.name
    )?;
    Ok(())
}

/// Sets a choice and the field that selects it, so that they agree.
fn setter(
    out: &mut String,
    model: &Model,
    named: &Named,
    object: &Object,
    field: &Field,
    place: &Place,
) -> Result<()> {
    let sibling = field.by.as_deref().unwrap_or_default();
    if !object.fields.iter().any(|it| it.wire == sibling) {
        bail!("{}: {} is selected by {sibling}, which is not there", place.name, field.wire);
    }
    let Kind::Choice(choice) = &field.kind else { bail!("{}: {} is no choice", place.name, field.wire) };
    let choice = model.choices.get(*choice).context("no such choice")?;
    let (rust, sibling_rust) = (rust_name(named, &field.wire), rust_name(named, sibling));
    let code = |values: &[String]| values.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let mut remarks = String::new();
    if !choice.bare.is_empty() {
        let bare = code(&choice.bare);
        write!(remarks, "\n    ///\n    /// Without a setting, set `{sibling_rust}` alone: {bare}.")?;
    }
    if !choice.refused.is_empty() {
        let refused = code(&choice.refused);
        write!(remarks, "\n    ///\n    /// Do not send {refused}: listed by Zoom, but not for this.")?;
    }
    writeln!(
        out,
        "impl {} {{\n    /// Sets `{rust}` together with the `{sibling_rust}` it belongs to.{remarks}\n    \
         pub fn set_{rust}(&mut self, setting: {}) -> &mut Self {{\n        \
         if let Some(selector) = setting.selector() {{\n            self.{sibling_rust} = Some(selector.into());\n        }}\n        \
         self.{rust} = Some(setting);\n        self\n    }}\n}}\n",
        place.name,
        rust_type(named, &field.kind, place.module.as_deref())?
    )?;
    Ok(())
}

/// Facts from the schemas, unless they differ from place to place.
fn notes(field: &Field) -> &str {
    match field.notes.first() {
        Some(notes) if field.notes.len() == 1 => notes,
        _ => "",
    }
}

/// Where an object is used: operations of which it is body or response, and fields.
fn places(model: &Model, named: &Named, index: usize, object: &Object) -> String {
    let mut places = BTreeSet::new();
    for site in &object.sites {
        let operation = model.operations.get(site.operation);
        match site.owner {
            _ if is_root(model, index, site.operation, site.request) && site.field.is_empty() => {
                let what = if site.request { "body of" } else { "answer to" };
                places.extend(operation.map(|it| format!("{what} `{}.{}`", it.group, it.method)));
            }
            Some(owner) => {
                places.extend(inside(model, named, owner, site));
            }
            None => places.extend(operation.map(|it| format!("in `{}.{}`", it.group, it.method))),
        }
    }
    let more = places.len().saturating_sub(4);
    let mut text = places.into_iter().take(4).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text.extend(["; and ", &more.to_string(), " more places"]);
    }
    text.get_mut(..1).map(str::make_ascii_uppercase);
    text + "."
}

/// The field of the owner, or the variant of the choice in one of its fields.
fn inside(model: &Model, named: &Named, owner: usize, site: &Site) -> Option<String> {
    let fields = &model.objects.get(owner)?.fields;
    if fields.iter().any(|field| field.wire == site.field) {
        return Some(format!("in `{}::{}`", named.objects.get(&owner)?.name, rust_name(named, &site.field)));
    }
    fields.iter().find_map(|field| {
        let Kind::Choice(index) = field.kind.innermost() else { return None };
        let mut taken = BTreeSet::new();
        let mut forms = model.choices.get(*index)?.forms.iter();
        let variant = forms.find_map(|form| {
            let name = variant(&form.value, &mut taken);
            (form.value == site.field).then_some(name)
        });
        Some(format!("in `{}::{}`", named.choices.get(index)?.name, variant?))
    })
}

fn is_root(model: &Model, index: usize, operation: usize, request: bool) -> bool {
    let Some(operation) = model.operations.get(operation) else { return false };
    let ((true, Some(Body::Json(kind)), _) | (false, _, Response::Json(kind))) =
        (request, &operation.body, &operation.response)
    else {
        return false;
    };
    matches!(kind.innermost(), Kind::Struct(root) if *root == index)
}

fn vocabulary(out: &mut String, vocabulary: &Vocabulary, place: &Place) -> Result<()> {
    let fields: BTreeSet<String> = vocabulary.sites.iter().map(|site| format!("`{}`", site.field)).collect();
    let fields: Vec<String> = fields.into_iter().take(6).collect();
    writeln!(out, "open_enum! {{\n    /// Values of {}.\n    pub {} {{", fields.join(", "), place.name)?;
    let mut taken = BTreeSet::new();
    for value in &vocabulary.values {
        let name = variant(value, &mut taken);
        writeln!(out, "        {name} = {value:?},")?;
    }
    out.push_str("    }\n}\n\n");
    Ok(())
}

/// The Rust name of a value: unique, no keyword, not `Other`.
pub(super) fn variant(value: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = match pascal(value) {
        name if name.is_empty() => "Blank".to_owned(),
        name => name,
    };
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, 'N');
    }
    if name == "Other" || name == "Self" {
        name += "s";
    }
    while taken.contains(&name) {
        // The same word in another spelling.
        name += "Alike";
    }
    taken.insert(name.clone());
    name
}

fn choice(out: &mut String, model: &Model, named: &Named, choice: &Choice, place: &Place) -> Result<()> {
    let (how, by) = match &choice.select {
        Select::Sibling(field) => (format!("`{field}` beside it says which."), "sibling".to_owned()),
        Select::Own(field) => (format!("Its field `{field}` says which."), format!("{field:?}")),
        Select::Property => ("The property that is there says which.".to_owned(), "property".to_owned()),
    };
    let fields: BTreeSet<String> = choice
        .sites
        .iter()
        .filter_map(|site| {
            let owner = named.objects.get(&site.owner?)?;
            Some(format!("`{}::{}`", owner.name, site.field))
        })
        .collect();
    let roots: BTreeSet<String> = choice
        .sites
        .iter()
        .filter(|site| site.owner.is_none())
        .filter_map(|site| {
            let operation = model.operations.get(site.operation)?;
            Some(format!("`{}.{}`", operation.group, operation.method))
        })
        .collect();
    let sites: Vec<String> = fields.into_iter().chain(roots).take(4).collect();
    writeln!(
        out,
        "choice! {{\n    /// The forms of {}. {how}\n    pub {} by {by} {{",
        sites.join(", "),
        place.name
    )?;
    let mut taken = BTreeSet::new();
    for form in &choice.forms {
        let kind = form.kinds.first().context("a form without kind")?;
        let name = variant(&form.value, &mut taken);
        writeln!(
            out,
            "        {name}({}) = {:?},",
            rust_type(named, kind, place.module.as_deref())?,
            form.value
        )?;
    }
    out.push_str("    }\n}\n\n");
    Ok(())
}

/// The Rust name of a field or parameter.
pub(super) fn rust_name(named: &Named, wire: &str) -> String {
    named.renamed.get(wire).cloned().unwrap_or_else(|| snake(wire).replace("__", "_"))
}

/// The Rust type of a kind, as written in a module of the types.
pub(super) fn rust_type(named: &Named, kind: &Kind, module: Option<&str>) -> Result<String> {
    let place = |place: Option<&Place>| -> Result<String> {
        let place = place.context("a type without a name")?;
        Ok(match place.module.as_deref() {
            None => format!("enums::{}", place.name),
            it if it == module => place.name.clone(),
            Some(SHARED) => format!("shared::{}", place.name),
            Some(other) => format!("super::{other}::{}", place.name),
        })
    };
    Ok(match kind {
        Kind::Text => "String".to_owned(),
        Kind::Int => "i64".to_owned(),
        Kind::Float => "f64".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Time => "Time".to_owned(),
        Kind::Any => "Value".to_owned(),
        Kind::List(items) => format!("Vec<{}>", rust_type(named, items, module)?),
        Kind::Vocabulary(index) => place(named.vocabularies.get(index))?,
        Kind::Struct(index) => place(named.objects.get(index))?,
        Kind::Choice(index) => place(named.choices.get(index))?,
    })
}
