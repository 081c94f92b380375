//! The operations of both REST documents as one compact JSON file: one operation a line, each distinct schema once.

use super::names::snake;
use super::overlay::Catalogue;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// `generated/catalogue.json`, from repaired documents.
pub(super) fn catalogue(phone: &Value, numbers: &Value, rules: &Catalogue) -> Result<String> {
    let mut emitter =
        Emitter { rules, schemas: Schemas::default(), used: BTreeSet::new(), names: BTreeSet::new() };
    let mut operations = Vec::new();
    for (api, document) in [("phone", phone), ("number-management", numbers)] {
        let paths = document.get("paths").and_then(Value::as_object).context("no paths")?;
        for (path, verbs) in paths {
            for (verb, operation) in verbs.as_object().into_iter().flatten() {
                let id = operation["operationId"].as_str().context("an operation without operationId")?;
                let line =
                    emitter.operation(api, path, verb, id, operation).with_context(|| id.to_owned())?;
                operations.push(line.to_string());
            }
        }
    }
    emitter.all_used()?;
    let schemas = emitter.schemas.lines.join(",\n");
    Ok(format!("{{\"schemas\":[\n{schemas}\n],\"operations\":[\n{}\n]}}\n", operations.join(",\n")))
}

struct Emitter<'a> {
    rules: &'a Catalogue,
    schemas: Schemas,
    /// Overlay entries used, as `table: key`.
    used: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Emitter<'_> {
    fn operation(&mut self, api: &str, path: &str, verb: &str, id: &str, operation: &Value) -> Result<Value> {
        let scopes = |kind: &str| operation["x-extensions"].get(kind).cloned().unwrap_or_else(|| json!([]));
        let responses = self.responses(operation)?;
        let mut line = Map::new();
        line.insert("id".to_owned(), json!(id));
        line.insert("name".to_owned(), json!(self.name(api, id)?));
        line.insert("api".to_owned(), json!(api));
        line.insert("method".to_owned(), json!(verb.to_ascii_uppercase()));
        line.insert("path".to_owned(), json!(path));
        line.insert("tag".to_owned(), operation["tags"][0].clone());
        if operation["deprecated"] == true {
            line.insert("deprecated".to_owned(), json!(true));
        }
        line.insert("scopes_classic".to_owned(), scopes("x-macro-scopes"));
        line.insert("scopes_granular".to_owned(), scopes("x-granular-scopes"));
        if let Some(rate) = rate(operation)? {
            line.insert("rate".to_owned(), json!(rate));
        }
        if let Some(max) = self.page_size_max(api, id, operation)? {
            line.insert("page_size_max".to_owned(), max);
        }
        if let Some(paging) = self.paging(api, id, operation)? {
            line.insert("paging".to_owned(), paging);
        }
        line.insert("parameters".to_owned(), self.parameters(operation)?);
        if let Some(body) = self.body(operation)? {
            line.insert("body".to_owned(), body);
        }
        line.insert("responses".to_owned(), responses);
        if let Some(host) = self.rule("host", api, id, &self.rules.host) {
            line.insert("host".to_owned(), json!(host));
        }
        Ok(line.into())
    }

    /// The overlay's entry for an operation; all tables but `names` are about Zoom Phone.
    fn rule<T: Clone>(
        &mut self,
        table: &str,
        api: &str,
        id: &str,
        entries: &BTreeMap<String, T>,
    ) -> Option<T> {
        let value = entries.get(id).filter(|_| api == "phone" || table == "names")?;
        self.used.insert(format!("{table}: {id}"));
        Some(value.clone())
    }

    fn name(&mut self, api: &str, id: &str) -> Result<String> {
        let mut name = self.rule("names", api, id, &self.rules.names).unwrap_or_else(|| snake(id));
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            bail!("{name} is no identifier: name the operation in the overlay");
        }
        if api == "number-management" && self.names.contains(&name) {
            name.insert_str(0, "number_management_");
        }
        if !self.names.insert(name.clone()) {
            bail!("two operations are called {name}: name one in the overlay");
        }
        Ok(name)
    }

    fn page_size_max(&mut self, api: &str, id: &str, operation: &Value) -> Result<Option<Value>> {
        let documented =
            parameter(operation, "page_size").and_then(|it| it["schema"].get("maximum")).cloned();
        match (documented, self.rule("page_size_max", api, id, &self.rules.page_size_max)) {
            (Some(_), Some(_)) => bail!("the page size is documented now; remove it from the overlay"),
            (documented, in_prose) => Ok(documented.or(in_prose.map(|max| json!(max)))),
        }
    }

    /// An operation pages if it takes a token and answers with one. The items are in the only list, or the overlay's.
    fn paging(&mut self, api: &str, id: &str, operation: &Value) -> Result<Option<Value>> {
        let schema = operation.pointer("/responses/200/content/application~1json/schema");
        let mut merged = json!({"properties": {}, "required": []});
        if let Some(schema) = schema.filter(|schema| schema.get("oneOf").is_none()) {
            merge_all_of(schema, &mut merged)?;
        }
        let Some(properties) = merged["properties"].as_object() else { return Ok(None) };
        let token = ["next_page_token", "sync_token"]
            .into_iter()
            .find(|token| properties.contains_key(*token) && parameter(operation, token).is_some());
        let Some(token) = token else { return Ok(None) };
        let lists: Vec<&String> =
            properties.iter().filter(|(_, schema)| schema["type"] == "array").map(|(name, _)| name).collect();
        let items = match (self.rule("items", api, id, &self.rules.items), lists.as_slice()) {
            (Some(items), [_, _, ..]) if lists.contains(&&items) => items,
            (None, [items]) => (*items).clone(),
            (rule, _) => bail!("which list pages? of {lists:?}, the overlay says {rule:?}"),
        };
        Ok(Some(json!({"token": token, "items": items})))
    }

    fn parameters(&mut self, operation: &Value) -> Result<Value> {
        let mut lines = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let mut line = Map::new();
            line.insert("name".to_owned(), parameter["name"].clone());
            line.insert("in".to_owned(), parameter["in"].clone());
            if parameter["required"] == true {
                line.insert("required".to_owned(), json!(true));
            }
            if schema["type"] == "array" {
                let list = if parameter["explode"] == false { "comma" } else { "repeated" };
                line.insert("list".to_owned(), json!(list));
            }
            line.insert("schema".to_owned(), json!(self.schemas.intern(schema)?));
            lines.push(Value::from(line));
        }
        Ok(lines.into())
    }

    fn body(&mut self, operation: &Value) -> Result<Option<Value>> {
        let content = operation.pointer("/requestBody/content").and_then(Value::as_object);
        let Some((content_type, media)) = content.and_then(|content| content.iter().next()) else {
            return Ok(None);
        };
        let schema = self.schemas.intern(&media["schema"])?;
        Ok(Some(json!({"content_type": content_type, "schema": schema})))
    }

    fn responses(&mut self, operation: &Value) -> Result<Value> {
        let mut lines = Vec::new();
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let status: u16 = status.parse().with_context(|| format!("status {status}"))?;
            if !(200..400).contains(&status) {
                continue;
            }
            let content =
                response.get("content").and_then(Value::as_object).and_then(|content| content.iter().next());
            lines.push(match content {
                Some((kind, media)) if kind == "application/json" => {
                    json!({"status": status, "schema": self.schemas.intern(&media["schema"])?})
                }
                Some(_) => json!({"status": status, "file": true}),
                None => json!({"status": status}),
            });
        }
        if lines.is_empty() {
            bail!("no response that is not an error");
        }
        Ok(lines.into())
    }

    fn all_used(&self) -> Result<()> {
        let rules = self.rules;
        let tables = [
            ("names", rules.names.keys().collect::<Vec<_>>()),
            ("items", rules.items.keys().collect()),
            ("page_size_max", rules.page_size_max.keys().collect()),
            ("host", rules.host.keys().collect()),
        ];
        let entries = tables
            .into_iter()
            .flat_map(|(table, keys)| keys.into_iter().map(move |it| format!("{table}: {it}")));
        let unused: Vec<String> = entries.filter(|entry| !self.used.contains(entry)).collect();
        if !unused.is_empty() {
            bail!(
                "catalogue entries that match nothing any more; remove or correct them:\n  {}",
                unused.join("\n  ")
            );
        }
        Ok(())
    }
}

/// The label is only in the prose: the code span on the line that names it.
fn rate(operation: &Value) -> Result<Option<String>> {
    let prose = operation["description"].as_str().unwrap_or_default();
    let Some(line) = prose.lines().find(|line| line.contains("[Rate Limit Label]")) else { return Ok(None) };
    let label = line.split('`').nth(1).unwrap_or_default().to_ascii_lowercase();
    if !["light", "medium", "heavy", "resource-intensive"].contains(&label.as_str()) {
        bail!("unknown rate limit label {label:?}");
    }
    Ok(Some(label))
}

fn parameter<'a>(operation: &'a Value, name: &str) -> Option<&'a Value> {
    operation["parameters"].as_array()?.iter().find(|parameter| parameter["name"] == name)
}

/// Distinct schemas, each after the ones it refers to.
#[derive(Default)]
struct Schemas {
    lines: Vec<String>,
    index: BTreeMap<String, usize>,
}

impl Schemas {
    /// The index of a schema in the table.
    fn intern(&mut self, schema: &Value) -> Result<usize> {
        let line = self.line(schema)?.to_string();
        if let Some(&index) = self.index.get(&line) {
            return Ok(index);
        }
        self.lines.push(line.clone());
        self.index.insert(line, self.lines.len() - 1);
        Ok(self.lines.len() - 1)
    }

    fn line(&mut self, schema: &Value) -> Result<Value> {
        if let Some(forms) = schema.get("oneOf").and_then(Value::as_array) {
            if schema.get("properties").is_some() {
                bail!("oneOf beside properties: say which counts");
            }
            let forms: Result<Vec<usize>> = forms.iter().map(|form| self.intern(form)).collect();
            return Ok(json!({"one_of": forms?}));
        }
        if schema.get("allOf").is_some() {
            let mut merged = json!({"type": "object", "properties": {}, "required": []});
            merge_all_of(schema, &mut merged)?;
            return self.line(&merged);
        }
        let copy = |pairs: &[(&str, &str)]| -> Map<String, Value> {
            pairs
                .iter()
                .filter_map(|(from, to)| Some(((*to).to_owned(), schema.get(*from)?.clone())))
                .collect()
        };
        Ok(match schema.get("type").and_then(Value::as_str) {
            Some("boolean") => json!("boolean"),
            Some("integer") => {
                json!({"integer": copy(&[("minimum", "min"), ("maximum", "max"), ("enum", "values")])})
            }
            Some("number") => json!({"number": copy(&[("minimum", "min"), ("maximum", "max")])}),
            Some("string") => json!({"text": copy(&[
                ("format", "format"), ("minLength", "min"), ("maxLength", "max"), ("enum", "values"),
            ])}),
            Some("array") => {
                let mut line = copy(&[("minItems", "min"), ("maxItems", "max")]);
                line.insert("items".to_owned(), json!(self.intern(&schema["items"])?));
                json!({"array": line})
            }
            Some("object") => {
                let mut line = Map::new();
                let mut properties = Map::new();
                for (name, property) in
                    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
                {
                    properties
                        .insert(name.clone(), json!(self.intern(property).with_context(|| name.clone())?));
                }
                line.insert("properties".to_owned(), properties.into());
                let required =
                    schema.get("required").and_then(Value::as_array).filter(|list| !list.is_empty());
                if let Some(required) = required {
                    line.insert("required".to_owned(), json!(required));
                }
                json!({"object": line})
            }
            None if schema.as_object().is_some_and(Map::is_empty) => json!("any"),
            other => bail!("a schema of type {other:?}"),
        })
    }
}

/// `allOf` in these documents only ever adds properties to an object.
fn merge_all_of(schema: &Value, merged: &mut Value) -> Result<()> {
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        merge_all_of(part, merged)?;
    }
    if schema.get("oneOf").is_some() {
        bail!("oneOf inside allOf");
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        merged["properties"][name] = property.clone();
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if let Some(required) = merged["required"].as_array_mut() {
            required.push(name.clone());
        }
    }
    Ok(())
}
