//! Every operation, sent once through its typed method: what arrives is what was asked for, what comes back is what
//! was answered. Once against a server that knows no more than the catalogue, once against the emulator.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod args;
mod emulator;
mod examples;
mod server;

#[path = "../generated/every_operation.rs"]
mod every_operation;

use std::collections::BTreeSet;

use args::Args;
use serde_json::{Value, json};
use server::Server;
use zoom_phone::api::OPERATIONS;
use zoom_phone::types::catalogue::{Catalogue, Content, Operation, Place};

#[test]
fn every_operation_of_the_catalogue_has_a_method_of_its_own() {
    let documented: BTreeSet<&str> =
        Catalogue::get().operations().iter().map(|it| it.name.as_str()).collect();
    let typed: BTreeSet<&str> = OPERATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(documented, typed);
    let methods: BTreeSet<&str> = OPERATIONS.iter().map(|(_, method)| *method).collect();
    assert_eq!((methods.len(), OPERATIONS.len()), (419, 419));
}

#[tokio::test]
async fn every_operation_sends_what_it_was_given_and_returns_what_was_answered() {
    let server = Server::start().await;
    let client = server.client();
    for operation in Catalogue::get().operations() {
        let args = Args::of(operation, true);
        let answer = every_operation::call(&client, &operation.name, &args).unwrap().await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        let seen = server.take();
        assert_eq!(seen.operation, operation.name, "{} {}", seen.method, seen.path);
        arrived(operation, &args, &seen);
        match &operation.success().unwrap().content {
            Content::Json(schema) => {
                assert_eq!(
                    args::as_text(&answer),
                    args::as_text(&args::sample(schema, "value")),
                    "{}",
                    operation.name
                );
            }
            Content::Empty => {}
            Content::File => assert_eq!(answer, json!(server::FILE.len()), "{}", operation.name),
        }
    }
}

#[tokio::test]
async fn what_is_not_set_is_not_sent() {
    let server = Server::start().await;
    let client = server.client();
    for operation in Catalogue::get().operations() {
        let args = Args::of(operation, false);
        every_operation::call(&client, &operation.name, &args).unwrap().await.unwrap();
        arrived(operation, &args, &server.take());
    }
}

/// Path, query and body are what was given, and nothing else.
fn arrived(operation: &Operation, args: &Args, seen: &server::Seen) {
    let name = &operation.name;
    for parameter in operation.parameters.iter().filter(|it| args.has(&it.name)) {
        let given = match &args.parameters[&parameter.name] {
            Value::Array(items) => items.iter().map(text).collect(),
            one => vec![text(one)],
        };
        let sent: Vec<String> = match parameter.place {
            Place::Path => {
                seen.values.iter().filter(|(key, _)| *key == parameter.name).map(|it| it.1.clone()).collect()
            }
            Place::Query => seen
                .query
                .iter()
                .filter(|(key, _)| *key == parameter.name)
                .flat_map(|(_, value)| value.split(','))
                .map(str::to_owned)
                .collect(),
        };
        assert_eq!(sent, given, "{name}: {}", parameter.name);
    }
    let strangers: Vec<_> = seen.query.iter().filter(|(key, _)| !args.has(key)).collect();
    assert!(strangers.is_empty(), "{name}: {strangers:?}");
    match &operation.body {
        Some(body) if body.content_type == "application/json" => {
            assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), args.body, "{name}");
        }
        Some(_) => assert!(seen.body.contains(args::PART), "{name}"),
        None => assert_eq!(seen.body, "", "{name}"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// For `cargo xtask coverage`: what there is and what was called, into the folder that asks for it.
fn report(name: &str, typed: &BTreeSet<String>, called: &BTreeSet<String>) {
    let Some(folder) = std::env::var_os("ZOOM_PHONE_COVERAGE") else { return };
    let path = std::path::Path::new(&folder).join(format!("{name}.json"));
    std::fs::write(path, json!({ "typed": typed, "called": called }).to_string()).unwrap();
}
