//! What there is to call, and how: `--list` and `--describe`.

use serde_json::{Value, json};
use zoom_phone::types::catalogue::{Content, ListEncoding, Method, Operation, Place, RateLabel};

use super::{fields, find, replaced};
use crate::output::{Output, note};

/// Longest line of text, where words can be wrapped.
const WIDTH: usize = 110;

/// Lists operations.
pub(super) fn list(operations: &[&Operation], out: Output) {
    if out.json {
        out.print_json(&operations.iter().map(|operation| summary(operation)).collect(), false);
        return;
    }
    if operations.is_empty() {
        note("No operation matches. Without --tag and --search this lists all of them.");
        return;
    }
    let rows: Vec<Vec<String>> = operations
        .iter()
        .map(|operation| {
            vec![
                find::handle(operation).to_owned(),
                operation.method.to_string(),
                operation.path.clone(),
                operation.tag.clone(),
                if operation.deprecated { "deprecated".to_owned() } else { String::new() },
            ]
        })
        .collect();
    out.table(&["OPERATION", "METHOD", "PATH", "CHAPTER", ""], &rows);
    note(&format!("{} operations. More of one: offhook api OPERATION --describe", rows.len()));
}

fn summary(operation: &Operation) -> Value {
    json!({
        "id": operation.id,
        "name": operation.name,
        "method": operation.method.as_str(),
        "path": operation.path,
        "tag": operation.tag,
        "deprecated": operation.deprecated,
    })
}

/// Describes one operation.
pub(super) fn describe(operation: &Operation, out: Output) {
    if out.json {
        out.print_json(&json(operation), false);
        return;
    }
    out.print(&format!("{}  {} {}", out.heading(find::handle(operation)), operation.method, operation.path));
    let mut facts = vec![operation.tag.clone(), format!("name {}", operation.name)];
    facts.push(match operation.rate {
        Some(rate) => format!("rate limit {}", label(rate)),
        None => "no rate limit documented".to_owned(),
    });
    facts.extend(operation.host.as_ref().map(|host| format!("at {host}")));
    out.print(&facts.join("; "));
    if operation.deprecated {
        let instead: Vec<&str> = replaced::by(operation).into_iter().map(find::handle).collect();
        out.print(&format!("{} by Zoom; use {}", out.word("deprecated"), instead.join(" or ")));
    }
    parameters(operation, out);
    if let Some(body) = &operation.body {
        let how = if body.content_type == "application/json" { "--data" } else { "--part, multipart" };
        section(&format!("Body ({how}; * is required)"), &fields::of(&body.schema), out);
    }
    out.print(&format!("\n{}", out.heading("Scopes, any one of them")));
    for (model, scopes) in [("granular", &operation.scopes_granular), ("classic", &operation.scopes_classic)]
    {
        out.print(&format!("  {model:<10}{}", wrapped(scopes, "", 0, 12)));
    }
    out.print(&format!("\n{}", out.heading("Answer")));
    for response in &operation.responses {
        let (content, names) = content(&response.content);
        let colon = if names.is_empty() { "" } else { ": " };
        out.print(&format!(
            "  {}  {content}{colon}{}",
            response.status,
            wrapped(&names, ",", content.len() + 2, 7)
        ));
    }
    out.print(&format!("\n{}\n  {}", out.heading("Try"), example(operation)));
}

fn parameters(operation: &Operation, out: Output) {
    let fields: Vec<fields::Field> = operation
        .parameters
        .iter()
        .map(|parameter| {
            let place = if parameter.place == Place::Path { "path, " } else { "" };
            let values = fields::values(&parameter.schema);
            let kind = format!("{place}{}", fields::kind(&parameter.schema));
            fields::Field { path: parameter.name.clone(), required: parameter.required, kind, values }
        })
        .collect();
    section("Parameters (--param NAME=VALUE; * is required)", &fields, out);
}

fn section(title: &str, fields: &[fields::Field], out: Output) {
    if fields.is_empty() {
        return;
    }
    out.print(&format!("\n{}", out.heading(title)));
    let width = fields.iter().map(|field| field.indented().len()).max().unwrap_or_default().min(40);
    for field in fields {
        let mark = if field.required { "*" } else { " " };
        let values = match field.values.as_slice() {
            values if values.is_empty() || field.kind.contains("boolean") => String::new(),
            values => format!(": {}", wrapped(values, ",", field.kind.len() + 2, width + 6)),
        };
        out.print(&format!("  {mark} {:<width$}  {}{values}", field.indented(), field.kind));
    }
}

/// Words in lines, after so many characters of their own line, which has the indent of all others.
fn wrapped(words: &[String], comma: &str, before: usize, indent: usize) -> String {
    let mut text = String::new();
    let mut column = indent + before;
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            text.push_str(comma);
            if column + word.len() > WIDTH {
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                column = indent;
            } else {
                text.push(' ');
            }
        }
        text.push_str(word);
        column += word.len() + comma.len() + 1;
    }
    text
}

fn label(rate: RateLabel) -> &'static str {
    match rate {
        RateLabel::Light => "LIGHT",
        RateLabel::Medium => "MEDIUM",
        RateLabel::Heavy => "HEAVY",
        RateLabel::ResourceIntensive => "RESOURCE-INTENSIVE",
    }
}

/// What comes back, and the names in it.
fn content(content: &Content) -> (&'static str, Vec<String>) {
    match content {
        Content::Empty => ("nothing", Vec::new()),
        Content::File => ("a file (--download)", Vec::new()),
        Content::Json(schema) => {
            let fields = fields::of(schema);
            (
                "JSON",
                fields
                    .into_iter()
                    .map(|field| field.path)
                    .filter(|path| !path.contains(['.', '|']))
                    .collect(),
            )
        }
    }
}

/// A command line with all that is required.
fn example(operation: &Operation) -> String {
    let mut words = vec![format!("offhook api {}", operation.name)];
    let required = operation.parameters.iter().filter(|parameter| parameter.required);
    words.extend(required.map(|parameter| format!("--param {}=…", parameter.name)));
    if let Some(body) = &operation.body {
        let fields = fields::of(&body.schema);
        let required = fields.iter().filter(|it| it.required && !it.path.contains(['.', '[', '|']));
        let names: Vec<String> = required.map(|it| format!("\"{}\": …", it.path)).collect();
        words.push(match body.content_type.as_str() {
            "application/json" => format!("--data '{{{}}}'", names.join(", ")),
            _ => "--part file=@FILE".to_owned(),
        });
    }
    if operation.paging.is_some() {
        words.push("--all-pages".to_owned());
    }
    if operation.success().is_some_and(|success| matches!(success.content, Content::File)) {
        words.push("--download FILE".to_owned());
    }
    words.join(" ")
}

fn json(operation: &Operation) -> Value {
    let parameters = operation.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": if parameter.place == Place::Path { "path" } else { "query" },
            "required": parameter.required,
            "type": fields::kind(&parameter.schema),
            "values": fields::values(&parameter.schema),
            "list": parameter.list.map(|list| match list {
                ListEncoding::Repeated => "repeated",
                ListEncoding::Comma => "comma",
            }),
        })
    });
    let answers = operation.responses.iter().map(|response| match &response.content {
        Content::Empty => json!({ "status": response.status, "content": "none" }),
        Content::File => json!({ "status": response.status, "content": "file" }),
        Content::Json(schema) => json!({
            "status": response.status,
            "content": "json",
            "fields": fields::of(schema).iter().map(fields::Field::json).collect::<Value>(),
        }),
    });
    let mut json = summary(operation);
    let more = json!({
        "replaced_by": replaced::by(operation).into_iter().map(find::handle).collect::<Value>(),
        "host": operation.host,
        "changes": operation.method != Method::Get,
        "rate_limit": operation.rate.map(label),
        "page_size_max": operation.page_size_max,
        "paging": operation.paging.as_ref().map(|it| json!({ "token": it.token, "items": it.items })),
        "scopes": { "granular": operation.scopes_granular, "classic": operation.scopes_classic },
        "parameters": parameters.collect::<Value>(),
        "body": operation.body.as_ref().map(|body| json!({
            "content_type": body.content_type,
            "fields": fields::of(&body.schema).iter().map(fields::Field::json).collect::<Value>(),
        })),
        "answers": answers.collect::<Value>(),
        "example": example(operation),
    });
    if let (Value::Object(json), Value::Object(more)) = (&mut json, more) {
        json.extend(more);
    }
    json
}
