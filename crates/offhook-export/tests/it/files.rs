//! Files by account and day: whole, added to, gone on with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use jiff::tz::TimeZone;
use offhook_export::{ExportError, Files, Format, Kind, Selection, to_directory};
use offhook_store::rebuild;
use serde_json::Value;

use crate::rig::{
    FORMATS, Rig, Row, all, arrivals, files_below, joining, later, parts, read, ringing, rows, start,
};

/// What a reader should make of it: of each id the row with the largest `told_seq`, if it was not replaced.
fn newest(rows: Vec<Row>) -> BTreeMap<String, Row> {
    let mut newest: BTreeMap<String, Row> = BTreeMap::new();
    for row in rows {
        let id = row["id"].as_str().unwrap().to_owned();
        let is_newer = |known: &Row| row["told_seq"].as_i64() > known["told_seq"].as_i64();
        if newest.get(&id).is_none_or(is_newer) {
            newest.insert(id, row);
        }
    }
    newest.retain(|_, row| row["replaced_by"].is_null());
    newest
}

fn small(files: Files) -> Files {
    Files { part_rows: 10, ..files }
}

#[tokio::test]
async fn files_are_by_account_and_day_and_hold_what_a_stream_holds() {
    let rig = Rig::new();
    rig.take(arrivals()).await;
    for format in FORMATS {
        for kind in Kind::ALL {
            let folder = rig.out.path().join(format.as_str()).join(kind.as_str());
            let files = small(Files { directory: rig.out.path().join(format.as_str()), ..rig.files(format) });
            let written = to_directory(rig.archive(), &all(kind), &files, |_, _, _| ()).unwrap();
            let parts = parts(&folder);
            assert_eq!(parts.len() as u64, written.files);
            assert!(parts.len() > 4, "{parts:?}");
            for part in &parts {
                let day = part.parent().unwrap().file_name().unwrap().to_str().unwrap();
                let moment = if kind == Kind::Events { "received_at" } else { "started_at" };
                assert!(part.parent().unwrap().parent().unwrap().ends_with("account=A"));
                for row in read(kind, format, fs::read(part).unwrap()) {
                    if let Some(ms) =
                        row[moment].as_i64().filter(|_| kind != Kind::Legs && kind != Kind::Elements)
                    {
                        let at = jiff::Timestamp::from_millisecond(ms).unwrap();
                        assert_eq!(day, format!("date={}", at.strftime("%Y-%m-%d")));
                    }
                }
            }
            let days: BTreeSet<_> = parts.iter().map(|part| part.parent().unwrap()).collect();
            assert!(days.len() >= 2, "over midnight: {days:?}");
            let order = |row: &Row| serde_json::to_string(row).unwrap();
            let mut filed: Vec<String> = rows(kind, format, &parts).iter().map(order).collect();
            let mut streamed: Vec<String> =
                read(kind, format, rig.stream(kind, format)).iter().map(order).collect();
            filed.sort();
            streamed.sort();
            assert_eq!(filed, streamed, "{kind:?} {format:?}");
        }
    }
}

#[tokio::test]
async fn days_are_those_of_the_time_zone() {
    let rig = Rig::new();
    rig.take([ringing("71", "Somebody")]).await;
    let time_zone = TimeZone::get("Pacific/Auckland").unwrap();
    let files = Files { time_zone, ..rig.files(Format::Ndjson) };
    to_directory(rig.archive(), &all(Kind::Calls), &files, |_, _, _| ()).unwrap();
    assert!(rig.out.path().join("calls/account=A/date=2026-11-23").is_dir());
}

#[tokio::test]
async fn the_second_run_writes_what_changed_and_the_newest_rows_are_the_calls_of_now() {
    for format in FORMATS {
        let rig = Rig::new();
        let mut before = arrivals();
        let after = before.split_off(before.len() / 2);
        rig.take(before).await;
        let first = rig.export(Kind::Calls, format);
        let parts_before = parts(rig.out.path());
        assert_eq!(rig.export(Kind::Calls, format).files, 0, "nothing new: nothing written");
        rig.take(after).await;
        let second = rig.export(Kind::Calls, format);
        assert_eq!((second.after, second.watermark), (first.watermark, rig.store.inbox().last_seq()));
        assert!(parts_before.iter().all(|part| part.exists()), "what is there stays");
        let of_both = newest(rows(Kind::Calls, format, &parts(rig.out.path())));
        let now = newest(read(Kind::Calls, format, rig.stream(Kind::Calls, format)));
        assert_eq!(of_both, now);
        let total = rows(Kind::Calls, format, &parts(rig.out.path())).len();
        assert!(total < 2 * now.len(), "{total} rows of {} calls: not all of them twice", now.len());
    }
}

#[tokio::test]
async fn calls_that_became_one_leave_a_row_that_says_so_and_a_rebuild_changes_nothing() {
    let rig = Rig::new();
    rig.take([ringing("200", "One"), ringing("100", "Other"), ringing("300", "Third")]).await;
    rig.export(Kind::Calls, Format::Ndjson);
    rig.take([joining("200", "100")]).await;
    let written = rig.export(Kind::Calls, Format::Ndjson);
    assert_eq!(written.rows, 2, "the call, and the name that is gone");
    let all_rows = rows(Kind::Calls, Format::Ndjson, &parts(rig.out.path()));
    let moved: Vec<&Row> = all_rows.iter().filter(|row| !row["replaced_by"].is_null()).collect();
    assert_eq!(moved.len(), 1);
    assert_eq!((&moved[0]["id"], &moved[0]["replaced_by"]), (&Value::from("200"), &Value::from("100")));
    let ids: Vec<String> = newest(all_rows).into_keys().collect();
    assert_eq!(ids, ["100", "300"]);
    let Rig { data, out, store } = rig;
    drop(store);
    assert_eq!(rebuild(data.path(), |_, _| ()).unwrap().identical, Some(true));
    let store = offhook_store::Store::open(data.path()).unwrap();
    let rig = Rig { data, out, store };
    assert_eq!(rig.export(Kind::Calls, Format::Ndjson).rows, 0, "the watermark means the same");
    let from_zero = read(Kind::Calls, Format::Ndjson, rig.stream(Kind::Calls, Format::Ndjson));
    assert_eq!(from_zero.iter().filter(|row| !row["replaced_by"].is_null()).count(), 1, "still told");
}

/// Names and bytes of all parts.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let named = |part: std::path::PathBuf| {
        let name = part.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (name, fs::read(part).unwrap())
    };
    parts(folder).into_iter().map(named).collect()
}

#[tokio::test]
async fn an_export_that_was_cut_off_goes_on_and_ends_as_if_nothing_had_happened() {
    let rig = Rig::new();
    rig.take(arrivals()).await;
    let whole = small(Files { directory: rig.out.path().join("whole"), ..rig.files(Format::Parquet) });
    to_directory(rig.archive(), &all(Kind::Calls), &whole, |_, _, _| ()).unwrap();
    let expected = contents(&whole.directory);
    assert!(expected.len() > 4);
    for cut_after in 1..4 {
        let cut = Files { directory: rig.out.path().join(format!("cut {cut_after}")), ..whole.clone() };
        let archive = rig.archive();
        let mut steps = 0;
        let killed = catch_unwind(AssertUnwindSafe(|| {
            to_directory(archive, &all(Kind::Calls), &cut, |_, _, _| {
                steps += 1;
                assert!(steps < cut_after, "the power is gone");
            })
        }));
        assert!(killed.is_err());
        // What a kill leaves: a part that nobody finished, and one that is in no manifest yet.
        let day = cut.directory.join("calls/account=A/date=2026-11-23");
        fs::create_dir_all(&day).unwrap();
        fs::write(day.join(".part-000000009000-000000009999.parquet.unfinished"), "half").unwrap();
        fs::write(day.join("part-000000009000-000000009999.parquet"), "whole, and not known").unwrap();
        to_directory(rig.archive(), &all(Kind::Calls), &cut, |_, _, _| ()).unwrap();
        assert!(contents(&cut.directory) == expected, "cut after {cut_after}");
        let left: Vec<_> = files_below(&cut.directory)
            .into_iter()
            .filter(|file| file.to_str().unwrap().contains("unfinished"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn a_directory_is_not_mixed_up_with_another_export_and_full_replaces_it() {
    let rig = Rig::new();
    rig.take(arrivals()).await;
    rig.export(Kind::Calls, Format::Ndjson);
    let before = contents(rig.out.path());
    let refused = |selection: &Selection, files: &Files| {
        to_directory(rig.archive(), selection, files, |_, _, _| ()).unwrap_err().to_string()
    };
    let other_format = refused(&all(Kind::Calls), &rig.files(Format::Parquet));
    assert!(other_format.contains("--format ndjson --time-zone UTC"), "{other_format}");
    let some = Selection { from: Some(start()), ..all(Kind::Calls) };
    assert!(refused(&some, &rig.files(Format::Ndjson)).contains("other options"));
    let another = Rig::new();
    another.take([ringing("1", "One")]).await;
    let ahead = to_directory(another.archive(), &all(Kind::Calls), &rig.files(Format::Ndjson), |_, _, _| ());
    assert!(matches!(ahead, Err(ExportError::Ahead { known: 1, .. })), "{ahead:?}");
    assert_eq!(contents(rig.out.path()), before, "refusing changes nothing");
    let full = Files { full: true, ..rig.files(Format::Parquet) };
    to_directory(rig.archive(), &all(Kind::Calls), &full, |_, _, _| ()).unwrap();
    let after = contents(rig.out.path());
    assert!(after.keys().all(|name| name.ends_with(".parquet")), "{:?}", after.keys());
}

#[tokio::test]
async fn a_selection_holds_calls_of_its_time_and_account_only() {
    let rig = Rig::new();
    rig.take(arrivals()).await;
    let midnight: jiff::Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    let count = |selection: Selection| {
        let archive = rig.archive();
        let up_to = selection.kind.up_to(&archive).unwrap();
        offhook_export::stream(archive, &selection, Format::Ndjson, 0, up_to, Vec::new()).unwrap().rows
    };
    for kind in Kind::ALL {
        let whole = count(all(kind));
        let before = count(Selection { to: Some(midnight), ..all(kind) });
        let since = count(Selection { from: Some(midnight), ..all(kind) });
        assert!(before > 0 && since > 0);
        assert_eq!(before + since, whole, "{kind:?}");
        assert_eq!(count(Selection { account: Some("B".to_owned()), ..all(kind) }), 0);
        assert_eq!(count(Selection { account: Some("A".to_owned()), now: later(), ..all(kind) }), whole);
    }
}
