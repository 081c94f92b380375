//! The order of columns is a promise.

use std::{collections::BTreeSet, fs};

use offhook_export::{Kind, markdown};

const MARK: &str = "<!-- From here on: written by the test `columns`, with UPDATE_DOCS=1 set. -->\n";

/// What was released; new columns are added to the ends of the tables, and here.
const ORDER: &[(Kind, &str)] = &[
    (
        Kind::Calls,
        "account_id id told_seq replaced_by version direction state result started_at answered_at ended_at \
         wait_seconds talk_seconds hold_seconds from_kind from_name from_number from_extension_number from_user_id \
         to_kind to_name to_number to_extension_number to_user_id queue_name queue_extension_number recording \
         voicemail emergency legs elements derived ids last_at",
    ),
    (
        Kind::Legs,
        "account_id call_id told_seq leg side party_kind party_name party_number party_extension_number \
         party_user_id state outcome queue_name queue_extension_number started_at answered_at ended_at wait_seconds \
         talk_seconds hold_seconds attempts derived",
    ),
    (
        Kind::Elements,
        "account_id call_id told_seq id segment node event result result_reason from_kind from_name from_number \
         from_extension_number to_kind to_name to_number to_extension_number operator_kind operator_name \
         operator_extension_number press_key started_at answered_at ended_at wait_seconds talk_seconds hold_seconds",
    ),
    (Kind::Events, "seq account_id received_at source event event_ts late body"),
];

#[test]
fn columns_keep_their_places_and_new_ones_come_last() {
    for (kind, order) in ORDER {
        let names: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
        assert_eq!(names.join(" "), *order, "{kind:?}: add to the end, here too; move and rename nothing");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}

#[test]
fn the_columns_are_documented_as_they_are() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/export.md");
    let document = fs::read_to_string(path).unwrap();
    let (written, generated) = document.split_once(MARK).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, format!("{written}{MARK}{}", markdown())).unwrap();
        return;
    }
    assert!(
        generated == markdown(),
        "docs/export.md is not up to date: UPDATE_DOCS=1 cargo test -p offhook-export columns"
    );
}
