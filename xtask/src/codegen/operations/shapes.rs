//! Reading the catalogue: every object of every body and response becomes a node.

use super::choices;
use super::model::{
    Body, Field, Kind, Model, Object, Operation, Parameter, Response, Select, Site, Vocabulary,
};
use super::rules::{CHOICES, Rules};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Reads the catalogue.
pub(super) fn read(catalogue: &Value, rules: &Rules) -> Result<Model> {
    let schemas = catalogue["schemas"].as_array().context("no schemas")?;
    let mut reader =
        Reader { schemas, rules, model: Model::default(), choices: vec![None; rules.choices.len()] };
    for (index, line) in catalogue["operations"].as_array().context("no operations")?.iter().enumerate() {
        let name = line["name"].as_str().context("an operation without name")?;
        let operation = reader.operation(index, name, line).with_context(|| name.to_owned())?;
        reader.model.operations.push(operation);
    }
    Ok(reader.model)
}

struct Reader<'a> {
    schemas: &'a [Value],
    rules: &'a Rules,
    model: Model,
    /// Of each rule, the choice made for it.
    choices: Vec<Option<usize>>,
}

/// Where the reader is.
#[derive(Clone)]
struct At {
    site: Site,
    /// `operation:body.path[]`.
    path: String,
}

impl At {
    fn field(&self, owner: usize, name: &str) -> At {
        let site = Site {
            owner: Some(owner),
            field: name.to_owned(),
            depth: self.site.depth + 1,
            list: false,
            ..self.site.clone()
        };
        At { site, path: format!("{}.{name}", self.path) }
    }

    fn deeper(&self, step: &str) -> At {
        At { path: format!("{}{step}", self.path), ..self.clone() }
    }
}

impl Reader<'_> {
    fn operation(&mut self, index: usize, name: &str, line: &Value) -> Result<Operation> {
        let (group, method) = self.rules.place(name)?;
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        let root = |place: &str, request| At {
            site: Site {
                operation: index,
                owner: None,
                field: String::new(),
                request,
                depth: 0,
                list: false,
            },
            path: format!("{name}:{place}"),
        };
        let path = text("path").unwrap_or_default();
        let mut parameters = Vec::new();
        for parameter in line["parameters"].as_array().into_iter().flatten() {
            let wire = parameter["name"].as_str().context("a parameter without name")?.to_owned();
            let mut at = root(&format!("query.{wire}"), true);
            at.site.field.clone_from(&wire);
            let schema = parameter["schema"].as_u64().context("a parameter without schema")?;
            let (kind, notes) = (self.kind(schema, &at)?, self.notes(schema));
            let required = parameter["required"] == true;
            parameters.push(Parameter { in_path: parameter["in"] == "path", required, kind, notes, wire });
        }
        parameters.sort_by_key(|it| {
            path.find(&format!("{{{}}}", it.wire)).filter(|_| it.in_path).unwrap_or(usize::MAX)
        });
        let body = match line["body"]["schema"].as_u64() {
            None => None,
            Some(schema) if line["body"]["content_type"] == "application/json" => {
                Some(Body::Json(self.kind(schema, &root("body", true))?))
            }
            Some(schema) => {
                // The parts are arguments: the type that has a name is not made.
                self.rules.type_name(&format!("{name}:body"));
                Some(Body::Multipart(self.parts(schema)?))
            }
        };
        let success = &line["responses"][0];
        let response = match success["schema"].as_u64() {
            Some(schema) => Response::Json(self.kind(schema, &root("response", false))?),
            None if success["file"] == true || success["status"] == 302 => Response::File,
            None => Response::Empty,
        };
        let items = match (&response, line["paging"]["items"].as_str()) {
            (Response::Json(Kind::Struct(envelope)), Some(items)) => {
                let envelope = self.model.objects.get(*envelope);
                let field = envelope.and_then(|it| it.fields.iter().find(|field| field.wire == items));
                match field.map(|field| &field.kind) {
                    Some(Kind::List(item)) => Some((**item).clone()),
                    _ => bail!("{items} is no list"),
                }
            }
            _ => None,
        };
        let list = |key: &str| line[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(Operation {
            name: name.to_owned(),
            id: text("id").unwrap_or_default(),
            group,
            method,
            verb: text("method").unwrap_or_default(),
            path,
            deprecated: line["deprecated"] == true,
            rate: text("rate"),
            page_size_max: line["page_size_max"].as_u64(),
            scopes: list("scopes_classic").chain(list("scopes_granular")).map(str::to_owned).collect(),
            host: text("host"),
            parameters,
            body,
            response,
            items,
        })
    }

    /// The schema with an index, as its kind and its details.
    fn schema(&self, index: u64) -> Result<(&str, &Value)> {
        let schema = usize::try_from(index)
            .ok()
            .and_then(|index| self.schemas.get(index))
            .context("no such schema")?;
        match schema {
            Value::String(kind) => Ok((kind, &Value::Null)),
            Value::Object(object) => object
                .iter()
                .next()
                .map(|(kind, details)| (kind.as_str(), details))
                .context("an empty schema"),
            _ => bail!("no schema: {schema}"),
        }
    }

    fn parts(&self, index: u64) -> Result<Vec<(String, bool)>> {
        let (_, details) = self.schema(index)?;
        let properties = details["properties"].as_object().context("parts without names")?;
        let parts = properties.iter().map(|(name, schema)| {
            let (kind, _) = self.schema(schema.as_u64().unwrap_or(u64::MAX))?;
            Ok((name.clone(), kind == "object"))
        });
        parts.collect()
    }

    fn kind(&mut self, index: u64, at: &At) -> Result<Kind> {
        let (kind, details) = self.schema(index)?;
        let details = details.clone();
        // Numbers of extensions are integers here, text there: text, but in a request what is documented.
        let number = at.site.field.ends_with("extension_number") && !at.site.request;
        Ok(match kind {
            "any" => Kind::Any,
            "boolean" => Kind::Bool,
            "integer" if number => Kind::Text,
            "integer" => Kind::Int,
            "number" => Kind::Float,
            "text" => self.text(&details, at),
            "array" => {
                let items = details["items"].as_u64().context("a list of nothing")?;
                let mut item = at.deeper("[]");
                item.site.list = true;
                Kind::List(Box::new(self.kind(items, &item)?))
            }
            "object" => match details["properties"].as_object().filter(|properties| !properties.is_empty()) {
                Some(properties) => Kind::Struct(self.object(properties, &details, at)?),
                None => Kind::Any,
            },
            "one_of" => self.choice(&details, at)?,
            other => bail!("a schema of type {other}"),
        })
    }

    fn text(&mut self, details: &Value, at: &At) -> Kind {
        let field = at.site.field.as_str();
        let values: Vec<String> = details["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect();
        // Numbers written as text are no words.
        if values.iter().any(|value| value.chars().any(|c| c.is_ascii_alphabetic())) {
            self.model.vocabularies.push(Vocabulary { values, sites: vec![at.site.clone()], same_as: None });
            return Kind::Vocabulary(self.model.vocabularies.len() - 1);
        }
        let instant = field.ends_with("_time") && !field.starts_with("max_") && !at.site.request;
        if instant || details["format"] == "date-time" { Kind::Time } else { Kind::Text }
    }

    fn object(&mut self, properties: &Map<String, Value>, details: &Value, at: &At) -> Result<usize> {
        let hint = self.rules.type_name(&at.path).map(str::to_owned);
        let me = self.model.objects.len();
        self.model.objects.push(Object { fields: Vec::new(), sites: vec![at.site.clone()], hint });
        for (name, schema) in properties {
            let schema = schema.as_u64().context("a property without schema")?;
            let kind = self.kind(schema, &at.field(me, name)).with_context(|| name.clone())?;
            let mut notes = self.notes(schema);
            let required =
                details["required"].as_array().is_some_and(|list| list.iter().any(|it| it == name));
            if required {
                notes.insert_str(0, " Documented as required.");
            }
            let by = match &kind {
                Kind::Choice(choice) => match self.model.choices.get(*choice).map(|it| &it.select) {
                    Some(Select::Sibling(sibling)) => Some(sibling.clone()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(object) = self.model.objects.get_mut(me) {
                object.fields.push(Field { wire: name.clone(), kind, notes: BTreeSet::from([notes]), by });
            }
        }
        self.complete(me).with_context(|| at.path.clone())?;
        Ok(me)
    }

    /// Fails if a value of a selecting field stands for no form and is not known to have none.
    fn complete(&self, object: usize) -> Result<()> {
        let fields = self.model.objects.get(object).map(|it| it.fields.as_slice()).unwrap_or_default();
        for field in fields {
            let (Some(sibling), Kind::Choice(choice)) = (&field.by, &field.kind) else { continue };
            let number = self.choices.iter().position(|it| it.as_ref() == Some(choice)).context("no rule")?;
            let rule = self.rules.choices.get(number).context("no rule")?;
            let beside = fields.iter().find(|it| it.wire == *sibling).map(|it| &it.kind);
            let Some(Kind::Vocabulary(values)) = beside else { bail!("{sibling} is no vocabulary") };
            let values =
                self.model.vocabularies.get(*values).map(|it| it.values.as_slice()).unwrap_or_default();
            if let Some(value) = values.iter().find(|value| !rule.knows(value)) {
                bail!("{CHOICES}: choice {} does not say what {value} means", rule.name);
            }
        }
        Ok(())
    }

    /// Bounds and the like, as sentences.
    fn notes(&self, index: u64) -> String {
        let Ok((kind, details)) = self.schema(index) else { return String::new() };
        let mut notes = String::new();
        match kind {
            "integer" | "number" => match (details["values"].as_array(), &details["min"], &details["max"]) {
                (Some(values), ..) => {
                    let values: Vec<String> = values.iter().map(Value::to_string).collect();
                    notes = format!(" One of {}.", values.join(", "));
                }
                (_, Value::Null, Value::Null) => {}
                (_, min, Value::Null) => notes = format!(" At least {min}."),
                (_, Value::Null, max) => notes = format!(" At most {max}."),
                (_, min, max) => notes = format!(" {min} to {max}."),
            },
            "text" => {
                if details["values"].is_null()
                    && let Some(max) = details["max"].as_u64()
                {
                    notes = format!(" At most {max} characters.");
                }
                match details["format"].as_str() {
                    Some("date") => notes += " A date, `2026-11-22`.",
                    Some("date-or-date-time") => {
                        notes += " A date, `2026-11-22`, or a time, `2026-11-22T10:00:00Z`.";
                    }
                    Some("time") => notes += " A time of day, `09:00`.",
                    _ => {}
                }
            }
            "array" => {
                if let Some(max) = details["max"].as_u64() {
                    notes = format!(" At most {max} items.");
                }
            }
            _ => {}
        }
        notes
    }

    fn choice(&mut self, details: &Value, at: &At) -> Result<Kind> {
        let forms: Vec<u64> = details.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        if let [only] = forms.as_slice() {
            return self.kind(*only, at);
        }
        let Some((number, rule)) = self.rules.choice(&at.path) else {
            bail!("{CHOICES} has no rule for {}, which has {} forms", at.path, forms.len());
        };
        let mut branches = Vec::new();
        for (index, form) in forms.into_iter().enumerate() {
            let mut branch = at.deeper(&format!("<{index}>"));
            // Named by the value that selects it.
            if let Some((value, _)) = rule.cases_at(&at.path).iter().find(|(_, it)| **it == index) {
                branch.site.field.clone_from(value);
                branch.site.list = false;
            }
            branches.push(self.kind(form, &branch)?);
        }
        let forms = choices::forms(rule, &at.path, &branches)?;
        let choice = if let Some(choice) = self.choices.get(number).copied().flatten() {
            choice
        } else {
            self.model.choices.push(choices::declare(rule, &at.site)?);
            let choice = self.model.choices.len() - 1;
            if let Some(slot) = self.choices.get_mut(number) {
                *slot = Some(choice);
            }
            choice
        };
        if let Some(choice) = self.model.choices.get_mut(choice) {
            choice.sites.push(at.site.clone());
            for form in forms {
                match choice.forms.iter_mut().find(|it| it.value == form.value) {
                    Some(known) => known.kinds.extend(form.kinds),
                    None => choice.forms.push(form),
                }
            }
        }
        Ok(Kind::Choice(choice))
    }
}
