//! The rows of every table in every format.

use offhook_calls::CallView;
use offhook_export::{Format, Kind};
use offhook_store::CallFilter;
use serde_json::{Value, json};

use crate::rig::{FORMATS, Rig, Row, arrivals, later, read};

fn field<'a>(row: &'a Row, name: &str) -> &'a Value {
    row.get(name).unwrap_or_else(|| panic!("no column {name}"))
}

/// A view's own field, with times as in [`read`].
fn told(view: &Value, path: &str) -> Value {
    let value = view.pointer(path).cloned().unwrap_or_default();
    match value.as_str().filter(|_| path.ends_with("_at")) {
        Some(at) => at.parse::<jiff::Timestamp>().unwrap().as_millisecond().into(),
        None => value,
    }
}

async fn views(rig: &Rig) -> Vec<CallView> {
    let page = rig.store.calls(CallFilter::default(), None, 10_000, later()).await.unwrap();
    page.calls.into_iter().map(|call| call.as_of(later())).collect()
}

#[tokio::test]
async fn every_format_of_calls_legs_and_elements_says_what_the_views_say() {
    let rig = Rig::new();
    rig.take(arrivals()).await;
    let views = views(&rig).await;
    assert!(views.len() > 30, "{}", views.len());
    for format in FORMATS {
        let calls = read(Kind::Calls, format, rig.stream(Kind::Calls, format));
        assert_eq!(calls.iter().filter(|row| field(row, "replaced_by").is_null()).count(), views.len());
        let legs = read(Kind::Legs, format, rig.stream(Kind::Legs, format));
        assert_eq!(legs.len(), views.iter().map(|view| view.legs.len()).sum::<usize>());
        let elements = read(Kind::Elements, format, rig.stream(Kind::Elements, format));
        assert_eq!(elements.len(), views.iter().map(|view| view.elements.len()).sum::<usize>());
        for view in &views {
            let json = serde_json::to_value(view).unwrap();
            let of_call = |row: &&Row| field(row, "call_id") == &json!(view.id);
            let row = calls
                .iter()
                .find(|row| field(row, "id") == &json!(view.id) && field(row, "replaced_by").is_null());
            same(
                row.unwrap(),
                &json,
                &[
                    ("started_at", "/started_at"),
                    ("answered_at", "/answered_at"),
                    ("ended_at", "/ended_at"),
                    ("direction", "/direction"),
                    ("state", "/state"),
                    ("result", "/result"),
                    ("from_number", "/from/number"),
                    ("from_kind", "/from/kind"),
                    ("to_name", "/to/name"),
                    ("to_extension_number", "/to/extension_number"),
                    ("queue_extension_number", "/queue/extension_number"),
                    ("wait_seconds", "/wait_seconds"),
                    ("talk_seconds", "/talk_seconds"),
                    ("hold_seconds", "/hold_seconds"),
                    ("voicemail", "/voicemail"),
                    ("emergency", "/emergency"),
                    ("version", "/version"),
                    ("last_at", "/last_at"),
                ],
            );
            for (number, row) in legs.iter().filter(of_call).enumerate() {
                assert_eq!(field(row, "leg"), number + 1);
                same(
                    row,
                    &json["legs"][number],
                    &[
                        ("side", "/side"),
                        ("party_name", "/party/name"),
                        ("party_user_id", "/party/user_id"),
                        ("outcome", "/outcome"),
                        ("started_at", "/started_at"),
                        ("talk_seconds", "/talk_seconds"),
                        ("attempts", "/attempts"),
                    ],
                );
            }
            for (number, row) in elements.iter().filter(of_call).enumerate() {
                same(
                    row,
                    &json["elements"][number],
                    &[
                        ("id", "/id"),
                        ("event", "/event"),
                        ("result", "/result"),
                        ("from_number", "/from/number"),
                        ("operator_name", "/operator/name"),
                        ("started_at", "/started_at"),
                        ("wait_seconds", "/wait_seconds"),
                        ("segment", "/segment"),
                    ],
                );
            }
        }
    }
}

fn same(row: &Row, view: &Value, columns: &[(&str, &str)]) {
    for (column, path) in columns {
        assert_eq!(field(row, column), &told(view, path), "{column} of {view}");
    }
}

#[tokio::test]
async fn events_come_out_as_they_came_in_and_what_is_no_json_as_a_text() {
    let rig = Rig::new();
    let mut odd = arrivals().swap_remove(0);
    odd.body = "no json, \"but\" a\r\ntext".into();
    odd.account = String::new();
    let mut sent = arrivals();
    sent.truncate(20);
    sent.push(odd);
    let bodies: Vec<String> = sent.iter().map(|it| String::from_utf8(it.body.to_vec()).unwrap()).collect();
    rig.take(sent).await;
    for format in FORMATS {
        let rows = read(Kind::Events, format, rig.stream(Kind::Events, format));
        let found: Vec<&str> = rows.iter().map(|row| field(row, "body").as_str().unwrap()).collect();
        assert_eq!(found, bodies, "{format:?}");
        let numbers: Vec<i64> = rows.iter().map(|row| field(row, "seq").as_i64().unwrap()).collect();
        assert_eq!(numbers, (1..=21).collect::<Vec<_>>());
        assert!(field(&rows[20], "account_id").is_null());
    }
}

#[tokio::test]
async fn a_stream_is_read_beside_the_open_store_and_after_it_was_closed() {
    let mut rig = Rig::new();
    rig.take(arrivals()).await;
    let open = rig.stream(Kind::Calls, Format::Ndjson);
    let data = std::mem::replace(&mut rig.data, tempfile::TempDir::new().unwrap());
    rig.store = offhook_store::Store::open(rig.data.path()).unwrap();
    let again = Rig { data, ..Rig::new() };
    assert_eq!(again.stream(Kind::Calls, Format::Ndjson), open);
}

#[tokio::test]
async fn an_empty_directory_gives_empty_tables_and_a_missing_one_an_error() {
    let rig = Rig::new();
    for format in FORMATS {
        assert_eq!(read(Kind::Calls, format, rig.stream(Kind::Calls, format)).len(), 0);
    }
    let nowhere = rig.out.path().join("nowhere");
    let error = offhook_store::Archive::open(&nowhere).unwrap_err();
    assert!(error.to_string().contains("OFFHOOK_DATA_DIR"), "{error}");
    assert!(!nowhere.exists());
}
