//! CSV: whatever is in a text comes out again, and no spreadsheet runs it if that was asked.

use offhook_export::{Format, Kind};
use proptest::prelude::*;

use crate::rig::{Rig, read, ringing};

fn names_of(rig: &Rig, safe: bool) -> Vec<String> {
    let format = Format::Csv { safe };
    let rows = read(Kind::Calls, format, rig.stream(Kind::Calls, format));
    rows.iter().map(|row| row["to_name"].as_str().unwrap_or_default().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_quoted_so_that_another_reader_reads_it(name in "[-=+@a-z,\"';\r\n\t é中]{1,12}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let rig = Rig::new();
        runtime.block_on(rig.take([ringing("71", &name)]));
        let stored = runtime.block_on(rig.store.call(None, "71")).unwrap().unwrap();
        let stored = stored.to.and_then(|to| to.name).unwrap_or_default();
        prop_assert_eq!(names_of(&rig, false), [stored.as_str()]);
        let safe = names_of(&rig, true).remove(0);
        prop_assert!(!safe.starts_with(['=', '+', '-', '@', '\t', '\r']), "{safe:?}");
        prop_assert!(safe == stored || safe == format!("'{stored}"), "{safe:?} of {stored:?}");
    }
}

#[tokio::test]
async fn lines_end_as_the_standard_says_and_only_what_must_be_is_quoted() {
    let rig = Rig::new();
    rig.take([ringing("71", "Somebody, \"else\"")]).await;
    let text = String::from_utf8(rig.stream(Kind::Calls, Format::Csv { safe: false })).unwrap();
    assert_eq!(text.matches("\r\n").count(), 2);
    assert!(text.ends_with("\r\n"));
    assert!(text.starts_with("account_id,id,told_seq,replaced_by,version,"));
    assert!(text.contains(",\"Somebody, \"\"else\"\"\","), "{text}");
    assert!(text.contains(",+14155550100,"), "a number is as it is");
    assert_eq!(text.matches('"').count(), 6);
    let safe = String::from_utf8(rig.stream(Kind::Calls, Format::Csv { safe: true })).unwrap();
    assert!(safe.contains(",'+14155550100,"));
}
