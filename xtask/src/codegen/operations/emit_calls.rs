//! Rust source of test tables: one typed call of every operation, one reader of every body and answer.

use super::emit_builders::client_type;
use super::emit_types::rust_name;
use super::model::{Body, Kind, Model, Operation, Parameter, Response};
use super::naming::Named;
use crate::codegen::emit_events::HEADER;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// For `crates/zoom-phone`: calls by name.
pub(super) fn calls(model: &Model, named: &Named) -> Result<String> {
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for operation in &model.operations {
        let out = groups.entry(&operation.group).or_default();
        call(out, named, operation)?;
    }
    let names: Vec<&str> = groups.keys().copied().collect();
    let mut out = format!(
        "{HEADER}//! One typed call of every operation.\n\n\
         #![allow(deprecated, reason = \"deprecated operations are called, too\")]\n\
         #![allow(clippy::too_many_lines, reason = \"a list\")]\n\
         #![allow(unused_variables, reason = \"some groups take no arguments\")]\n\n\
         use crate::args::{{Args, Sent, encoded, file}};\nuse zoom_phone::client::Client;\nuse zoom_phone::types;\n\n\
         /// Sends the operation with this name in the catalogue.\n\
         pub(crate) fn call(client: &Client, name: &str, args: &Args) -> Option<Sent> {{\n    \
         let groups = [{}];\n    groups.into_iter().find_map(|group| group(client, name, args))\n}}\n",
        names.join(", ")
    );
    for (name, arms) in &groups {
        write!(
            out,
            "\nfn {name}(client: &Client, name: &str, args: &Args) -> Option<Sent> {{\n    let group = client.{name}();\n    \
             Some(match name {{\n{arms}        _ => return None,\n    }})\n}}\n"
        )?;
    }
    Ok(out)
}

fn call(out: &mut String, named: &Named, operation: &Operation) -> Result<()> {
    let (required, optional): (Vec<&Parameter>, Vec<&Parameter>) =
        operation.parameters.iter().partition(|parameter| parameter.required || parameter.in_path);
    let mut arguments: Vec<String> = required.iter().map(|parameter| argument(parameter)).collect();
    match &operation.body {
        Some(Body::Json(kind)) => arguments.push(format!("args.body::<{}>()", client_type(named, kind)?)),
        Some(Body::Multipart(parts)) => arguments.extend(parts.iter().map(|_| "args.part()".to_owned())),
        None => {}
    }
    let how = if matches!(operation.response, Response::File) { "file" } else { "encoded" };
    write!(
        out,
        "{:?} => {{ let {}it = group.{}({}); ",
        operation.name,
        if optional.is_empty() { "" } else { "mut " },
        operation.method,
        arguments.join(", ")
    )?;
    for parameter in optional {
        let rust = rust_name(named, &parameter.wire);
        write!(out, "if args.has({:?}) {{ it = it.{rust}({}); }} ", parameter.wire, argument(parameter))?;
    }
    writeln!(out, "{how}(it.send()) }}")?;
    Ok(())
}

/// A parameter's value, taken from the arguments.
fn argument(parameter: &Parameter) -> String {
    let how = match &parameter.kind {
        Kind::List(items) if **items == Kind::Int => "ints",
        Kind::List(_) => "list",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Bool => "flag",
        _ => "text",
    };
    format!("args.{how}({:?})", parameter.wire)
}

/// For `crates/zoom-phone-types`: readers by operation and place.
pub(super) fn readers(model: &Model, named: &Named) -> Result<String> {
    let mut lines = String::new();
    for operation in &model.operations {
        let mut line = |place: &str, kind: &Kind| -> Result<()> {
            writeln!(lines, "    ({:?}, {place:?}, read::<{}>),", operation.name, client_type(named, kind)?)?;
            Ok(())
        };
        if let Some(Body::Json(kind)) = &operation.body {
            line("body", kind)?;
        }
        if let Response::Json(kind) = &operation.response {
            line("response", kind)?;
        }
    }
    Ok(format!(
        "{HEADER}//! A reader of every body and answer.\n\nuse crate::{{Reader, read}};\nuse serde_json::Value;\n\
         use zoom_phone_types as types;\n\n\
         /// Name of the operation, `body` or `response`, reader.\n\
         pub(crate) const READERS: &[(&str, &str, Reader)] = &[\n{lines}];\n"
    ))
}
