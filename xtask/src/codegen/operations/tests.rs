//! The generator as a whole, on catalogues of a few lines.

use super::{RuleTexts, generate};
use crate::codegen::families::Model;
use serde_json::{Value, json};

const NO_CHOICES: &str = "choice = []";
const SHAPES: &str = "vague = []\nredact = []\n[small]\n[vocabularies]\n[rename]\n";

/// A schema of an object whose properties are earlier schemas.
fn object(properties: &Value) -> Value {
    json!({"object": {"properties": properties}})
}

/// An operation that answers with a schema.
fn operation(name: &str, schema: usize) -> Value {
    json!({"id": name, "name": name, "method": "GET", "path": format!("/phone/{name}"), "tag": "T", "scopes_classic": [],
        "scopes_granular": [], "parameters": [], "responses": [{"status": 200, "schema": schema}]})
}

/// The generated files, or why there are none.
fn run(
    schemas: &Value,
    operations: &Value,
    names: &str,
    choices: &str,
    shapes: &str,
) -> Result<Vec<(String, String)>, String> {
    let catalogue = json!({"schemas": schemas, "operations": operations}).to_string();
    let texts = RuleTexts { operations: names, choices, shapes };
    let output = generate(&catalogue, &texts, &mut Model::default()).map_err(|error| format!("{error:#}"))?;
    Ok(output.types.into_iter().chain(output.client).collect())
}

fn file<'a>(files: &'a [(String, String)], end: &str) -> &'a str {
    &files.iter().find(|(name, _)| name.ends_with(end)).unwrap().1
}

#[test]
fn operations_and_their_names_cannot_drift_apart() {
    let (schemas, operations) = (json!(["boolean", object(&json!({"on": 0}))]), json!([operation("one", 1)]));
    let nameless = run(&schemas, &operations, "[operations]", NO_CHOICES, SHAPES).unwrap_err();
    assert!(nameless.contains("does not name one"), "{nameless}");
    let stale = "[operations]\none = \"a.one\"\ntwo = \"a.two\"";
    let stale = run(&schemas, &operations, stale, NO_CHOICES, SHAPES).unwrap_err();
    assert!(stale.contains("operations: two"), "{stale}");
    let twice = "[operations]\none = \"a.one\"\ntwo = \"a.one\"";
    let twice = run(&schemas, &operations, twice, NO_CHOICES, SHAPES).unwrap_err();
    assert!(twice.contains("a.one"), "{twice}");
    let lost = "[operations]\none = \"a.one\"\n[types]\n\"one:response.gone\" = \"Gone\"";
    let lost = run(&schemas, &operations, lost, NO_CHOICES, SHAPES).unwrap_err();
    assert!(lost.contains("types: one:response.gone"), "{lost}");
}

#[test]
fn what_is_the_same_in_two_groups_is_one_shared_type() {
    let schemas = json!([
        {"text": {}}, "boolean",
        object(&json!({"id": 0, "on": 1})),
        object(&json!({"device": 2})),
        object(&json!({"device": 2, "spare": 2})),
    ]);
    let operations = json!([operation("one", 3), operation("two", 4)]);
    let names = "[operations]\none = \"a.get\"\ntwo = \"b.get\"";
    let files = run(&schemas, &operations, names, NO_CHOICES, SHAPES).unwrap();
    assert!(file(&files, "operations/shared.rs").contains("pub Device {"));
    assert!(file(&files, "operations/a.rs").contains("=> device: shared::Device,"));
    assert!(file(&files, "operations/b.rs").contains("=> spare: shared::Device,"));
}

#[test]
fn a_part_of_a_type_with_its_name_in_its_group_is_that_type() {
    let schemas = json!([
        {"text": {}}, "boolean",
        object(&json!({"id": 0, "on": 1})),
        object(&json!({"device": 2})),
        object(&json!({"id": 0})),
        object(&json!({"device": 4, "number": 0})),
        object(&json!({"id": 1})),
        object(&json!({"device": 6})),
    ]);
    let operations = json!([operation("one", 3), operation("two", 5), operation("three", 7)]);
    let names = "[operations]\none = \"a.get\"\ntwo = \"a.list\"\nthree = \"a.find\"";
    let files = run(&schemas, &operations, names, NO_CHOICES, SHAPES).unwrap();
    let a = file(&files, "operations/a.rs");
    assert_eq!(a.matches("=> device: Device,").count(), 2, "{a}");
    assert_eq!(a.matches("=> device: FindResponseDevice,").count(), 1, "of another type: {a}");
}

#[test]
fn given_names_join_what_differs_and_part_what_is_equal() {
    let schemas = json!([
        {"text": {}},
        object(&json!({"id": 0})),
        object(&json!({"name": 0})),
        object(&json!({"x": 1, "y": 2})),
        object(&json!({"z": 1})),
    ]);
    let operations = json!([operation("one", 3), operation("two", 4)]);
    let names = "[operations]\none = \"a.get\"\ntwo = \"a.list\"\n[types]\n\"one:response.x\" = \"Thing\"\n\
                 \"one:response.y\" = \"Thing\"\n\"two:response.z\" = \"Other\"";
    let files = run(&schemas, &operations, names, NO_CHOICES, SHAPES).unwrap();
    let a = file(&files, "operations/a.rs");
    let thing = a.split("pub Thing {").nth(1).unwrap().split("pub ").next().unwrap();
    assert!(thing.contains("\"id\" =>") && thing.contains("\"name\" =>"), "{a}");
    assert!(a.contains("pub Other {") && a.contains("=> z: Other,"), "{a}");
}

/// A mode and its setting, which has two forms.
fn moded() -> (Value, Value) {
    let schemas = json!([
        {"text": {"values": ["fast", "slow", "off"]}}, "boolean",
        object(&json!({"speed": 1})),
        object(&json!({"delay": 1})),
        {"one_of": [2, 3]},
        object(&json!({"mode": 0, "setting": 4})),
    ]);
    (schemas, json!([operation("one", 5)]))
}

const MODED: &str = "[operations]\none = \"a.get\"\n[types]\n\"one:response\" = \"Machine\"";

fn choice(rest: &str) -> String {
    format!(
        "[[choice]]\nname = \"ModeSetting\"\nsites = [\"one:response.setting\"]\nby = \"sibling:mode\"\n{rest}"
    )
}

#[test]
fn a_choice_is_typed_by_its_sibling_and_set_together_with_it() {
    let (schemas, operations) = moded();
    let choices = choice("bare = [\"off\"]\n[choice.cases]\nfast = 0\nslow = 1");
    let files = run(&schemas, &operations, MODED, &choices, SHAPES).unwrap();
    let a = file(&files, "operations/a.rs");
    for part in [
        "setting: ModeSetting [by mode]",
        "pub fn set_setting(",
        "Fast(Fast) = \"fast\"",
        "set `mode` alone: `off`",
    ] {
        assert!(a.contains(part), "{part}: {a}");
    }
}

#[test]
fn a_choice_that_leaves_something_open_fails_the_run() {
    let (schemas, operations) = moded();
    let refused = |choices: &str| run(&schemas, &operations, MODED, choices, SHAPES).unwrap_err();
    let without = refused(NO_CHOICES);
    assert!(without.contains("no rule for one:response.setting"), "{without}");
    let open = refused(&choice("[choice.cases]\nfast = 0\nslow = 1"));
    assert!(open.contains("does not say what off means"), "{open}");
    let branch = refused(&choice("bare = [\"off\", \"slow\"]\n[choice.cases]\nfast = 0"));
    assert!(branch.contains("no case is branch 1"), "{branch}");
}

#[test]
fn words_that_say_little_are_named_with_what_they_belong_to() {
    let schemas = json!([
        {"text": {"values": ["on", "off"]}}, {"text": {"values": ["1", "2"]}},
        object(&json!({"status": 0, "level": 1})),
        object(&json!({"lamp": 2})),
    ]);
    let shapes = SHAPES.replace("vague = []", "vague = [\"status\"]");
    let files =
        run(&schemas, &json!([operation("one", 3)]), "[operations]\none = \"a.get\"", NO_CHOICES, &shapes)
            .unwrap();
    let a = file(&files, "operations/a.rs");
    assert!(a.contains("pub LampStatus {") && a.contains("=> status: LampStatus,"), "{a}");
    assert!(a.contains("=> level: String,"), "numbers are no words: {a}");
}

#[test]
fn what_is_required_is_an_argument_and_the_rest_has_setters() {
    let schemas =
        json!([{"text": {}}, {"integer": {"max": 100}}, object(&json!({"x": 0})), {"array": {"items": 0}}]);
    let mut one = operation("one", 2);
    one["path"] = json!("/phone/{lampId}/x");
    one["parameters"] = json!([
        {"name": "page_size", "in": "query", "schema": 1},
        {"name": "type", "in": "query", "schema": 0},
        {"name": "ids", "in": "query", "schema": 3, "required": true},
        {"name": "lampId", "in": "path", "schema": 0, "required": true},
    ]);
    let shapes = SHAPES.replace("[rename]", "[rename]\ntype = \"kind\"");
    let mut schemas = schemas;
    schemas[2] = object(&json!({"type": 0}));
    let files =
        run(&schemas, &json!([one]), "[operations]\none = \"lamps.list\"", NO_CHOICES, &shapes).unwrap();
    let lamps = file(&files, "src/generated/lamps.rs");
    for part in [
        "pub fn list(&self, lamp_id: &str, ids: impl IntoIterator<Item = impl Into<String>>) -> List",
        "pub fn page_size(self, value: i64) -> Self",
        "pub fn kind(self, value: impl Into<String>) -> Self",
        ".query(\"type\", value.into())",
    ] {
        assert!(lamps.contains(part), "{part}: {lamps}");
    }
    assert!(file(&files, "src/generated/mod.rs").contains("(\"one\", \"lamps.list\"),"));
}

#[test]
fn remarks_stand_at_fields_types_and_operations_and_none_is_left_over() {
    let schemas = json!([{"text": {}}, object(&json!({"wait": 0}))]);
    let operations = json!([operation("one", 1)]);
    let names = "[operations]\none = \"a.get\"\n[types]\n\"one:response\" = \"Thing\"";
    let with =
        |notes: &str| run(&schemas, &operations, names, NO_CHOICES, &format!("{SHAPES}[notes]\n{notes}"));
    let files = with(
        "wait = \"Not this.\"\n\"Thing.wait\" = \"Seconds.\"\nThing = \"Two\\nlines.\"\n\"a.get\" = \"Rare.\"",
    );
    assert!(
        files.unwrap_err().contains("notes: wait"),
        "the remark on one field counts, the other is not used"
    );
    let files =
        with("\"Thing.wait\" = \"Seconds.\"\nThing = \"Two\\nlines.\"\n\"a.get\" = \"Rare.\"").unwrap();
    let types = file(&files, "operations/a.rs");
    assert!(types.contains("/// `wait`. Seconds.\n"), "{types}");
    assert!(types.contains("    ///\n    /// Two\n    /// lines.\n    pub Thing {"), "{types}");
    let client = &files.iter().find(|(name, _)| name == "src/generated/a.rs").unwrap().1;
    assert!(client.contains("    /// Rare.\n"), "{client}");
}

#[test]
fn the_struct_of_a_form_says_which_form_it_is_of() {
    let schemas = json!([
        {"text": {}}, {"text": {"values": ["go", "stay"]}},
        object(&json!({"x": 0})), object(&json!({"y": 0})), {"one_of": [2, 3]},
        object(&json!({"how": 1, "setting": 4})),
    ]);
    let choices = "[[choice]]\nname = \"Setting\"\nsites = [\"one:response.setting\"]\nby = \"sibling:how\"\n\
                   cases = {go = 0, stay = 1}";
    let names = "[operations]\none = \"a.get\"";
    let files = run(&schemas, &json!([operation("one", 5)]), names, choices, SHAPES).unwrap();
    let types = file(&files, "operations/a.rs");
    assert!(types.contains("/// In `Setting::Go`."), "{types}");
    assert!(!types.contains("::go`"), "{types}");
}
