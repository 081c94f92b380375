//! Whatever is written to call handling and settings, the answers stay as documented.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::{Map, Value, json};
use zoom_phone_types::catalogue::{Catalogue, Content, Operation, Place, Schema};

use crate::handling::{add_break, add_holiday, office_hours, rows};
use crate::rig::Zoom;

/// Decisions, from bytes that run in a circle.
struct Choices {
    bytes: Vec<u8>,
    next: usize,
}

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.next += 1;
        // Different decisions on every round.
        let (round, at) = (self.next / self.bytes.len(), self.next % self.bytes.len());
        (usize::from(self.bytes[at]) + round) % limit.max(1)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Ids that exist, by the name of the field that they are for.
struct Ids(Vec<(&'static str, Vec<String>)>);

impl Ids {
    fn of(&self, name: &str) -> Option<&[String]> {
        self.0.iter().find(|(known, _)| name.ends_with(known)).map(|(_, ids)| ids.as_slice())
    }
}

/// A value of such a shape, with references that mostly exist.
fn value(choices: &mut Choices, ids: &Ids, name: &str, schema: &Schema) -> Value {
    match schema {
        Schema::Any => Value::Null,
        Schema::Boolean => json!(choices.below(2) == 0),
        Schema::Integer { values, min, .. } if values.is_empty() => {
            json!(min.unwrap_or(-1) + i64::try_from(choices.below(30)).expect("small"))
        }
        Schema::Integer { values, .. } => json!(choices.of(values)),
        Schema::Number { .. } => json!(1.5),
        Schema::Text { values, .. } if !values.is_empty() => json!(choices.of(values)),
        Schema::Text { .. } => match (name, ids.of(name)) {
            ("from" | "to", _) => {
                let hours = ["08:00", "09:30", "17:00", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"];
                json!(choices.of(&hours))
            }
            ("key", _) => json!(choices.of(&["0", "5", "*", "#"])),
            (_, Some(ids)) if choices.below(8) > 0 => json!(choices.of(ids)),
            (name, _) if name.contains("number") => json!("+15555550199"),
            _ => json!(choices.of(&["", "lost"])),
        },
        Schema::Array { items, max_items, min_items } => {
            let most = max_items.unwrap_or(3).min(3) + 1;
            let length = choices.below(most).max(min_items.unwrap_or(0));
            (0..length).map(|_| value(choices, ids, name, items)).collect()
        }
        Schema::Object { properties } => {
            let fields = properties.iter().filter_map(|property| {
                let given = property.required || choices.below(4) > 0;
                given.then(|| (property.name.clone(), value(choices, ids, &property.name, &property.schema)))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Schema::OneOf(forms) => {
            let form = choices.below(forms.len());
            value(choices, ids, name, &forms[form])
        }
    }
}

/// Operations on what is configured: below extensions, sites, groups and the account.
fn operations() -> Vec<&'static Operation> {
    let parts = ["settings", "call_forward_settings", "profile_settings", "policies", "ivr"];
    let all = Catalogue::get().operations().iter();
    all.filter(|it| {
        let steps: Vec<_> = it.path.split('/').skip(2).collect();
        let extension = ["extension", "users", "auto_receptionists", "call_queues", "shared_line_groups"];
        let owner = extension.contains(&steps[0]) || ["common_areas", "sites", "groups"].contains(&steps[0]);
        let below = owner && steps.len() > 2 && steps[2..].iter().any(|step| parts.contains(step));
        let account = matches!(steps[0], "settings" | "account_settings" | "policies");
        (below || account) && it.path.starts_with("/phone/")
    })
    .collect()
}

/// The address of a request with real ids in it.
fn uri(choices: &mut Choices, ids: &Ids, operation: &Operation) -> String {
    let mut uri = format!("/v2{}", operation.path);
    for parameter in &operation.parameters {
        let text = match value(choices, ids, &parameter.name, &parameter.schema) {
            Value::String(text) if !text.is_empty() => text,
            Value::Array(_) | Value::String(_) => "lost".to_owned(),
            other => other.to_string(),
        };
        if parameter.place == Place::Path {
            uri = uri.replace(&format!("{{{}}}", parameter.name), &text);
        } else if parameter.required || choices.below(3) > 0 {
            let sign = if uri.contains('?') { '&' } else { '?' };
            uri = format!("{uri}{sign}{}={text}", parameter.name);
        }
    }
    uri
}

/// Things with ids in a company, with hours in which everything may be set.
async fn furnished(zoom: &Zoom) -> Ids {
    let mut ids = Vec::new();
    let mut extensions = Vec::new();
    let (mut holidays, mut breaks) = (Vec::new(), Vec::new());
    for (kind, parameter) in [
        ("users", "userId"),
        ("auto_receptionists", "autoReceptionistId"),
        ("call_queues", "callQueueId"),
        ("shared_line_groups", "sharedLineGroupId"),
        ("common_areas", "commonAreaId"),
    ] {
        let row = rows(zoom, kind, kind).await.swap_remove(0);
        let id = row["id"].as_str().expect("an id").to_owned();
        let address = format!("/v2/phone/{kind}/{id}");
        office_hours(zoom, &address).await;
        holidays.push(add_holiday(zoom, &address).await);
        breaks.push(add_break(zoom, &address).await);
        extensions.extend(row["extension_id"].as_str().map(str::to_owned));
        ids.push((parameter, vec![id.clone()]));
        if kind == "users" {
            ids.extend([("access_user_id", vec![id.clone()]), ("user_id", vec![id.clone()])]);
            let (_, audios) = zoom.get(&format!("{address}/audios")).await;
            let audio = audios["audios"][0]["audio_id"].as_str().expect("an id").to_owned();
            ids.extend([("audio_id", vec![audio.clone(), String::new()]), ("greeting_id", vec![audio])]);
        }
    }
    let site = rows(zoom, "sites", "sites").await[0]["id"].as_str().expect("an id").to_owned();
    let contacts = rows(zoom, "external_contacts", "external_contacts").await;
    let contact = contacts[0]["external_contact_id"].as_str().expect("an id").to_owned();
    ids.extend([
        ("holiday_hour_id", holidays.clone()),
        ("holiday_id", holidays),
        ("break_hour_id", breaks.clone()),
        ("break_id", breaks),
        ("extension_id", extensions.clone()),
        ("extensionId", extensions),
        ("external_contact_id", vec![contact]),
        ("siteId", vec![site]),
        ("groupId", vec!["g".to_owned()]),
        ("policyType", vec!["voice_mail".to_owned()]),
        ("settingType", ["voice_mail", "delegation", "desk_phone", "intercom"].map(str::to_owned).to_vec()),
    ]);
    Ids(ids)
}

#[test]
fn whatever_is_written_the_answers_stay_as_documented() {
    let operations = operations();
    assert!(operations.len() > 60, "{}", operations.len());
    let requests = vec((0..operations.len(), vec(any::<u8>(), 24..64)), 30..60);
    let mut runner = TestRunner::new(Runs { cases: 24, failure_persistence: None, ..Runs::default() });
    let outcome = runner.run(&requests, |requests| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let zoom = Zoom::start().await;
            let ids = furnished(&zoom).await;
            let mut choices = Choices { bytes: vec![0], next: 0 };
            for (index, bytes) in requests {
                let operation = operations[index];
                choices = Choices { bytes, next: 0 };
                let uri = uri(&mut choices, &ids, operation);
                let body = operation.body.as_ref();
                let body = body.map(|body| value(&mut choices, &ids, "", &body.schema)).unwrap_or(json!({}));
                check(&zoom, operation, &uri, &body).await;
            }
            for operation in operations.iter().filter(|it| it.method.as_str() == "GET") {
                for _ in 0..4 {
                    let uri = uri(&mut choices, &ids, operation);
                    check(&zoom, operation, &uri, &Value::Null).await;
                }
            }
        });
        Ok(())
    });
    outcome.expect("documented answers");
}

async fn check(zoom: &Zoom, operation: &Operation, uri: &str, body: &Value) {
    let (status, answer) = if body.is_null() {
        zoom.get(uri).await
    } else {
        zoom.say(operation.method.as_str(), uri, body).await
    };
    let told = format!("{} {uri} {body}: {status} {answer}", operation.id);
    if status.is_client_error() {
        assert!(answer["code"].is_number() && answer["message"].is_string(), "{told}");
        return;
    }
    let documented = operation.success().expect("a success");
    assert_eq!(status.as_u16(), documented.status, "{told}");
    if let Content::Json(schema) = &documented.content {
        assert_eq!(schema.validate(&answer), [], "{told}");
    }
}
