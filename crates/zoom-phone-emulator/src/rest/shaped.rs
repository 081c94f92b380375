//! Answers to every documented operation that has no state of its own: made from its schema.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use zoom_phone_types::catalogue::{Content, Operation, Paging, Place, Schema};

use super::paging::{Cut, SYNC_LIFETIME, TOKEN_LIFETIME};
use super::query::Query;
use super::sample::Sampler;
use super::{Called, Refusal, documented, files};
use crate::dice::Dice;
use crate::emulator::Shared;

/// Rows on a page at most, however many are asked for.
const ROWS: usize = 3;

pub(super) fn answer(shared: &Shared, called: &Called, origin: String, query: Query) -> Response {
    Shaped { shared, called, origin, query }.answer().unwrap_or_else(Refusal::into_response)
}

struct Shaped<'a> {
    shared: &'a Shared,
    called: &'a Called,
    origin: String,
    query: Query,
}

impl Shaped<'_> {
    fn answer(&self) -> Result<Response, Refusal> {
        let operation = self.called.operation;
        let response = operation.success();
        let content = response.map(|response| &response.content);
        let file = matches!(content, Some(Content::File));
        if let Some((name, id)) = self.called.path.iter().find(|(_, id)| id.starts_with("missing")) {
            return Err(absent(name, id, file));
        }
        let status = response.map_or(204, |response| response.status);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NO_CONTENT);
        match content {
            Some(Content::File) if operation.path.contains("/fax/") => Ok(files::fax()),
            Some(Content::File) => Ok(files::audio()),
            Some(Content::Json(schema)) => Ok((status, Json(self.json(schema)?)).into_response()),
            _ if status == StatusCode::FOUND => {
                let id = self.called.path.last().map_or("", |(_, id)| id);
                Ok(files::transcript(self.shared, &self.origin, id))
            }
            _ => Ok(status.into_response()),
        }
    }

    fn json(&self, schema: &Schema) -> Result<Value, Refusal> {
        let mut answer = self.sampler(None).value("", schema, 0);
        self.echo(schema, &mut answer);
        if let Some(paging) = &self.called.operation.paging {
            self.page(paging, schema, &mut answer)?;
        }
        Ok(answer)
    }

    /// Dice that fall the same for the same operation on the same thing; every row has its own.
    fn sampler(&self, row: Option<&str>) -> Sampler {
        let Called { operation, path, body, .. } = self.called;
        let parts = path.iter().map(|(_, value)| value.as_str()).chain([operation.name.as_str()]).chain(row);
        let seed =
            parts.flat_map(|part| part.bytes().chain([0])).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let of_body = body.as_object().into_iter().flat_map(|body| body.values()).filter_map(Value::as_str);
        let hints = path.iter().map(|(_, value)| value.as_str()).chain(self.query.values()).chain(of_body);
        let is_word =
            |text: &&str| text.len() > 3 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        Sampler {
            dice: Dice::new(seed ^ self.shared.config.seed, 5),
            origin: self.origin.clone(),
            hints: hints.filter(is_word).map(str::to_owned).collect(),
            time: self.shared.clock.start(),
        }
    }

    /// What the request named comes back: fields of the body, parameters, and the id at the end of
    /// the path as `id`.
    fn echo(&self, schema: &Schema, answer: &mut Value) {
        let Called { operation, path, body, .. } = self.called;
        let Some(fields) = answer.as_object_mut() else { return };
        for (name, field) in fields {
            let Some(schema) = schema.property(name) else { continue };
            let of_path = path.iter().find(|(parameter, _)| {
                snake(parameter) == *name
                    || (name == "id" && operation.path.ends_with(&format!("{{{parameter}}}")))
            });
            let text = of_path.map(|(_, value)| value.as_str()).or_else(|| self.asked(operation, name));
            let known = match body.get(name) {
                Some(value) => Some(value.clone()).filter(|value| schema.validate(value).is_empty()),
                None => text.and_then(|text| documented::read(schema, text).ok()),
            };
            if let Some(known) = known {
                *field = known;
            }
        }
    }

    /// The value of a documented query parameter that is no list.
    fn asked(&self, operation: &Operation, name: &str) -> Option<&str> {
        let is = |it: &&zoom_phone_types::catalogue::Parameter| it.place == Place::Query && it.name == name;
        let parameter = operation.parameters.iter().find(is)?;
        if matches!(&*parameter.schema, Schema::Array { .. }) { None } else { self.query.one(name) }
    }

    /// A list of five to seven rows in pages of at most three.
    fn page(&self, paging: &Paging, schema: &Schema, answer: &mut Value) -> Result<(), Refusal> {
        let Called { operation, path, .. } = self.called;
        let Some(Schema::Array { items, .. }) = schema.property(&paging.items) else { return Ok(()) };
        let total = usize::try_from(self.sampler(Some("length")).dice.between(5, 7)).unwrap_or(5);
        let ids: Vec<_> = path.iter().map(|(_, id)| id.as_str()).collect();
        let purpose = format!("{}/{}", operation.name, ids.join("/"));
        let list = || Ok((0..total).map(|row| row.to_string()).collect());
        let syncing = paging.token == "sync_token";
        let (asked, page) = if syncing {
            let asked = self.query.parsed("count")?.unwrap_or(ROWS);
            let fresh = self.query.one("sync_type") == Some("FSync");
            let token = self.query.one("sync_token").filter(|_| !fresh);
            let cut =
                Cut { purpose, token, size: asked.clamp(1, ROWS), lifetime: SYNC_LIFETIME, endless: true };
            (asked, self.shared.snapshots.cut(cut, list)?)
        } else {
            let largest = operation.page_size_max.map_or(300, |max| usize::try_from(max).unwrap_or(300));
            let asked = self.query.page_size(largest)?;
            let purpose = format!("{purpose}?{}", self.query.filters());
            let token = self.query.one("next_page_token");
            let cut = Cut { purpose, token, size: asked.min(ROWS), lifetime: TOKEN_LIFETIME, endless: false };
            (asked, self.shared.snapshots.cut(cut, list)?)
        };
        answer[&paging.items] =
            page.ids.iter().map(|row| self.sampler(Some(row)).value(&paging.items, items, 1)).collect();
        for (name, number) in
            [("page_size", asked), ("total_records", page.total), ("page_count", page.count())]
        {
            if let Some(schema) = schema.property(name) {
                answer[name] =
                    documented::read(schema, &number.to_string()).unwrap_or_else(|_| json!(number));
            }
        }
        answer[&paging.token] = json!(page.next);
        Ok(())
    }
}

/// Zoom's answers for things that are not there; which one depends on the thing.
fn absent(name: &str, id: &str, file: bool) -> Refusal {
    if file {
        return Refusal::new(StatusCode::BAD_REQUEST, 404, "File does not exist.");
    }
    if name == "userId" {
        return Refusal::new(StatusCode::NOT_FOUND, 1001, format!("User does not exist: {id}."));
    }
    let what = snake(name).trim_end_matches("_id").replace('_', " ");
    Refusal::new(StatusCode::NOT_FOUND, 404, format!("This {what} does not exist: {id}."))
}

/// `user_id` of `userId`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
