//! Files of calls that are fetched, kept and deleted: recordings, voicemails, transcripts.

use jiff::Timestamp;
use offhook_calls::CallView;
use rusqlite::{OptionalExtension as _, Row, ToSql, Transaction, params};

use super::{
    Store, read,
    row::{COLUMNS as CALL, Call, word},
};
use crate::{
    Entry, StoreError,
    media::{
        AtZoom, Hold, Media, MediaCount, MediaFilter, MediaKind, MediaNote, MediaState, Removal, Sighting,
    },
};

pub(super) const TABLES: &str = "
    -- One row a file; times are milliseconds since 1970.
    CREATE TABLE media (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        kind TEXT NOT NULL,
        zoom_id TEXT NOT NULL,
        call_id TEXT NOT NULL,
        element_id TEXT,
        recorded_ms INTEGER NOT NULL,
        at_zoom TEXT NOT NULL,
        state TEXT NOT NULL,
        why TEXT,
        tries INTEGER NOT NULL,
        next_try_ms INTEGER,
        waiting_ms INTEGER,
        key TEXT,
        bytes INTEGER,
        sha256 TEXT,
        content_type TEXT,
        encrypted INTEGER NOT NULL,
        fetched_ms INTEGER,
        asked INTEGER NOT NULL,
        hold_who TEXT,
        hold_reason TEXT,
        hold_ms INTEGER
    );
    CREATE INDEX media_by_time ON media (recorded_ms DESC, id);
    CREATE INDEX media_by_call ON media (call_id);
    CREATE INDEX media_by_state ON media (state, next_try_ms, recorded_ms);
    CREATE INDEX media_to_try ON media (recorded_ms DESC, id) WHERE state IN ('wanted', 'failed', 'not_ready');
    CREATE INDEX media_gone_at_zoom ON media (at_zoom, id) WHERE state = 'here' AND at_zoom <> 'kept';

    -- What was done to files and decided about them. Rows are never changed.
    CREATE TABLE media_note (
        seq INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        media TEXT NOT NULL,
        what TEXT NOT NULL,
        who TEXT,
        why TEXT NOT NULL
    );
    CREATE INDEX media_note_by_media ON media_note (media, seq);

    -- Accounts whose app was removed: what was recorded until then has to go.
    CREATE TABLE media_removal (account TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;

    -- How far calls and inbox have been looked through.
    CREATE TABLE media_mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
";

const COLUMNS: &str = "id, account, kind, zoom_id, call_id, element_id, recorded_ms, at_zoom, state, why, tries, \
                       next_try_ms, waiting_ms, key, bytes, sha256, content_type, encrypted, fetched_ms, asked, \
                       hold_who, hold_reason, hold_ms";

/// A place in the list of calls by when they were last told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldCursor {
    /// `told_seq` of the last call seen.
    pub seq: u64,
    /// Its account.
    pub account: String,
    /// Its key.
    pub key: String,
}

impl Store {
    /// Calls in the order in which they were last told of, after a place, each with its own place.
    pub async fn calls_told_after(
        &self,
        after: ToldCursor,
        limit: usize,
    ) -> Result<Vec<(ToldCursor, CallView)>, StoreError> {
        self.read(move |calls| {
            calls
                .prepare_cached(&format!(
                    "SELECT {CALL}, told_seq FROM call JOIN account ON account.id = call.account
                     WHERE told_seq >= ?1 AND (told_seq, account.name, key) > (?1, ?2, ?3)
                     ORDER BY told_seq, account.name, key LIMIT ?4"
                ))?
                .query_and_then(params![after.seq, after.account, after.key, limit], |row| {
                    let call = Call::read(row)?;
                    let key = call.key.clone();
                    let place = ToldCursor { seq: row.get(4)?, account: key.account, key: word(&key.name) };
                    Ok((place, call.view(calls)?))
                })?
                .collect()
        })
        .await
    }

    /// Inbox entries of this event name after a number, oldest first.
    pub async fn entries_named(&self, event: &'static str, after: u64) -> Result<Vec<Entry>, StoreError> {
        self.read_inbox(move |inbox| read::entries_named(inbox, event, after)).await
    }

    /// Takes in what calls tell of their files. Returns how many rows are new.
    pub async fn media_seen(&self, seen: Vec<Sighting>, now: Timestamp) -> Result<usize, StoreError> {
        self.work(move |work| {
            let mut new = 0;
            for sighting in &seen {
                let known = one(work, &sighting.id)?;
                let media = match known.clone() {
                    None => {
                        new += 1;
                        Media::new(sighting, now)
                    }
                    Some(mut media) => {
                        media.meet(sighting);
                        media
                    }
                };
                if known.as_ref() != Some(&media) {
                    put(work, &media)?;
                }
            }
            Ok(new)
        })
        .await
    }

    /// A note on how far was looked.
    pub async fn media_mark(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.work(move |work| {
            let value = work
                .prepare_cached("SELECT value FROM media_mark WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?;
            Ok(value)
        })
        .await
    }

    /// Writes down how far was looked.
    pub async fn set_media_mark(&self, name: &'static str, value: String) -> Result<(), StoreError> {
        self.work(move |work| set_mark(work, name, &value)).await
    }

    /// Notes that apps were removed, and how far the inbox was looked through for it.
    pub async fn media_removed(
        &self,
        removals: Vec<Removal>,
        mark: (&'static str, String),
    ) -> Result<(), StoreError> {
        self.work(move |work| {
            for Removal { account, at } in &removals {
                work.prepare_cached(
                    "INSERT INTO media_removal (account, at_ms) VALUES (?1, ?2)
                     ON CONFLICT (account) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)",
                )?
                .execute(params![account, at.as_millisecond()])?;
            }
            set_mark(work, mark.0, &mark.1)
        })
        .await
    }

    /// Accounts whose app was removed.
    pub async fn media_removals(&self) -> Result<Vec<Removal>, StoreError> {
        self.work(|work| {
            let removals = work
                .prepare_cached("SELECT account, at_ms FROM media_removal")?
                .query_map([], |row| Ok(Removal { account: row.get(0)?, at: time(row.get(1)?) }))?
                .collect::<Result<_, _>>()?;
            Ok(removals)
        })
        .await
    }

    /// One file.
    pub async fn media(&self, id: &str) -> Result<Option<Media>, StoreError> {
        let id = id.to_owned();
        self.work(move |work| one(work, &id)).await
    }

    /// Changes one file, and writes down what was done, in one transaction. `change` sees it as it is at that moment,
    /// and returns `None` to leave it so. Returns it as it is afterwards; `None` if there is no such file.
    pub async fn change_media<F>(&self, id: &str, change: F) -> Result<Option<Media>, StoreError>
    where
        F: FnOnce(&mut Media) -> Option<Vec<MediaNote>> + Send + 'static,
    {
        let id = id.to_owned();
        self.work(move |work| {
            let Some(was) = one(work, &id)? else { return Ok(None) };
            let mut media = was.clone();
            let Some(notes) = change(&mut media) else { return Ok(Some(was)) };
            put(work, &media)?;
            for note in &notes {
                work.prepare_cached(
                    "INSERT INTO media_note (at_ms, media, what, who, why) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    note.at.as_millisecond(),
                    note.media,
                    note.what,
                    note.who,
                    note.why
                ])?;
            }
            Ok(Some(media))
        })
        .await
    }

    /// What was done to a file, oldest first.
    pub async fn media_notes(&self, id: &str) -> Result<Vec<MediaNote>, StoreError> {
        let id = id.to_owned();
        self.work(move |work| {
            let notes = work
                .prepare_cached(
                    "SELECT at_ms, media, what, who, why FROM media_note WHERE media = ?1 ORDER BY seq",
                )?
                .query_map([id], |row| {
                    Ok(MediaNote {
                        at: time(row.get(0)?),
                        media: row.get(1)?,
                        what: row.get(2)?,
                        who: row.get(3)?,
                        why: row.get(4)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(notes)
        })
        .await
    }

    /// Files that are to be tried at `now`, the newest recordings first.
    pub async fn media_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Media>, StoreError> {
        self.work(move |work| {
            let due = work
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM media INDEXED BY media_to_try
                     WHERE state IN ('wanted', 'failed', 'not_ready')
                     AND (next_try_ms IS NULL OR next_try_ms <= ?1) ORDER BY recorded_ms DESC, id LIMIT ?2"
                ))?
                .query_map(params![now.as_millisecond(), limit], media)?
                .collect::<Result<_, _>>()?;
            Ok(due)
        })
        .await
    }

    /// When the next file is to be tried, if one is.
    pub async fn media_next_try(&self) -> Result<Option<Timestamp>, StoreError> {
        self.work(|work| {
            let ms: Option<i64> = work
                .prepare_cached(
                    "SELECT min(coalesce(next_try_ms, 0)) FROM media WHERE state IN ('wanted', 'failed', 'not_ready')",
                )?
                .query_row([], |row| row.get(0))?;
            Ok(ms.map(time))
        })
        .await
    }

    /// Files in the store that may have to go, by id, after one: deleted at Zoom, in its trash if `trash` says so, or
    /// recorded before `until` (of their account, or of all). Those under legal hold are among them.
    pub async fn media_to_judge(
        &self,
        after: String,
        until: Option<Timestamp>,
        trash: bool,
        removals: Vec<Removal>,
        limit: usize,
    ) -> Result<Vec<Media>, StoreError> {
        self.work(move |work| {
            let mut found: Vec<Media> = work
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM media WHERE id > ?1 AND id IN (
                         SELECT id FROM media WHERE state = 'deleting'
                         UNION ALL
                         SELECT id FROM media WHERE state = 'here' AND at_zoom <> 'kept'
                         AND (at_zoom = 'purged' OR (?2 AND at_zoom = 'trashed'))
                         UNION ALL
                         SELECT id FROM media WHERE state = 'here' AND next_try_ms IS NULL AND recorded_ms < ?3
                     ) ORDER BY id LIMIT ?4"
                ))?
                .query_map(
                    params![after, trash, until.map_or(i64::MIN, Timestamp::as_millisecond), limit],
                    media,
                )?
                .collect::<Result<_, _>>()?;
            for Removal { account, at } in removals {
                let of_account: Vec<Media> = work
                    .prepare_cached(&format!(
                        "SELECT {COLUMNS} FROM media WHERE state IN ('here', 'wanted', 'failed', 'not_ready')
                         AND account = ?1 AND recorded_ms <= ?2 AND id > ?3 ORDER BY id LIMIT ?4"
                    ))?
                    .query_map(params![account, at.as_millisecond(), after, limit], media)?
                    .collect::<Result<_, _>>()?;
                found.extend(of_account);
            }
            found.sort_by(|one, other| one.id.cmp(&other.id));
            found.dedup_by(|one, other| one.id == other.id);
            found.truncate(limit);
            Ok(found)
        })
        .await
    }

    /// What was begun when the process ended is begun again.
    pub async fn media_restart(&self) -> Result<usize, StoreError> {
        self.work(|work| {
            Ok(work.execute(
                "UPDATE media SET state = 'wanted', next_try_ms = NULL WHERE state = 'fetching'",
                [],
            )?)
        })
        .await
    }

    /// Files, newest first, after a place: the recording time and id of the last one seen.
    pub async fn media_list(
        &self,
        filter: MediaFilter,
        after: Option<(Timestamp, String)>,
        limit: usize,
    ) -> Result<Vec<Media>, StoreError> {
        self.work(move |work| {
            let mut sql = format!("SELECT {COLUMNS} FROM media WHERE 1");
            let mut values: Vec<Box<dyn ToSql>> = Vec::new();
            let mut and = |condition: &str, value: Box<dyn ToSql>| {
                values.push(value);
                sql.push_str(" AND ");
                sql.push_str(&condition.replace('?', &format!("?{}", values.len())));
            };
            if let Some(call) = filter.call_id {
                and("call_id = ?", Box::new(call));
            }
            if let Some(account) = filter.account {
                and("account = ?", Box::new(account));
            }
            if let Some(kind) = filter.kind {
                and("kind = ?", Box::new(kind.as_str()));
            }
            if let Some(state) = filter.state {
                and("state = ?", Box::new(state.as_str()));
            }
            if let Some(held) = filter.held {
                and("(hold_who IS NOT NULL) = ?", Box::new(held));
            }
            if let Some((at, id)) = after {
                let ms = at.as_millisecond();
                and("recorded_ms <= ?", Box::new(ms));
                values.push(Box::new(id));
                let (at, id) = (values.len() - 1, values.len());
                sql.extend([" AND (recorded_ms < ?", &at.to_string(), " OR id > ?", &id.to_string(), ")"]);
            }
            sql.extend([" ORDER BY recorded_ms DESC, id LIMIT ", &limit.to_string()]);
            let rows = work
                .prepare(&sql)?
                .query_map(rusqlite::params_from_iter(values), media)?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// How many files are how far.
    pub async fn media_counts(&self) -> Result<Vec<MediaCount>, StoreError> {
        self.work(|work| {
            let counts = work
                .prepare_cached(
                    "SELECT kind, state, count(*), coalesce(sum(CASE WHEN state = 'here' THEN bytes END), 0)
                     FROM media GROUP BY kind, state ORDER BY kind, state",
                )?
                .query_map([], |row| {
                    Ok(MediaCount {
                        kind: kind(&row.get::<_, String>(0)?),
                        state: state(&row.get::<_, String>(1)?),
                        files: row.get(2)?,
                        bytes: row.get(3)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(counts)
        })
        .await
    }
}

fn set_mark(work: &Transaction<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    work.prepare_cached("INSERT OR REPLACE INTO media_mark (name, value) VALUES (?1, ?2)")?
        .execute([name, value])?;
    Ok(())
}

fn one(work: &Transaction<'_>, id: &str) -> Result<Option<Media>, StoreError> {
    Ok(work
        .prepare_cached(&format!("SELECT {COLUMNS} FROM media WHERE id = ?1"))?
        .query_row([id], media)
        .optional()?)
}

fn put(work: &Transaction<'_>, media: &Media) -> Result<(), StoreError> {
    let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
    work.prepare_cached(&format!(
        "INSERT OR REPLACE INTO media ({COLUMNS}) VALUES
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)"
    ))?
    .execute(params![
        media.id,
        media.account,
        media.kind.as_str(),
        media.zoom_id,
        media.call_id,
        media.element_id,
        media.recorded_at.as_millisecond(),
        media.at_zoom.as_str(),
        media.state.as_str(),
        media.why,
        media.tries,
        ms(media.next_try),
        ms(media.waiting_since),
        media.key,
        media.bytes,
        media.sha256,
        media.content_type,
        media.encrypted,
        ms(media.fetched_at),
        media.asked,
        media.hold.as_ref().map(|hold| &hold.who),
        media.hold.as_ref().map(|hold| &hold.reason),
        media.hold.as_ref().map(|hold| hold.at.as_millisecond()),
    ])?;
    Ok(())
}

fn media(row: &Row<'_>) -> rusqlite::Result<Media> {
    let moment = |index: usize| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(index)?.map(time));
    let hold = match (row.get::<_, Option<String>>(20)?, row.get::<_, Option<String>>(21)?, moment(22)?) {
        (Some(who), Some(reason), Some(at)) => Some(Hold { who, reason, at }),
        _ => None,
    };
    Ok(Media {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: kind(&row.get::<_, String>(2)?),
        zoom_id: row.get(3)?,
        call_id: row.get(4)?,
        element_id: row.get(5)?,
        recorded_at: time(row.get(6)?),
        at_zoom: AtZoom::from_word(&row.get::<_, String>(7)?).unwrap_or(AtZoom::Kept),
        state: state(&row.get::<_, String>(8)?),
        why: row.get(9)?,
        tries: row.get(10)?,
        next_try: moment(11)?,
        waiting_since: moment(12)?,
        key: row.get(13)?,
        bytes: row.get(14)?,
        sha256: row.get(15)?,
        content_type: row.get(16)?,
        encrypted: row.get(17)?,
        fetched_at: moment(18)?,
        asked: row.get(19)?,
        hold,
    })
}

// A word that is not ours was written by a newer version; opening its file has refused that before.
fn kind(word: &str) -> MediaKind {
    MediaKind::from_word(word).unwrap_or(MediaKind::Recording)
}

fn state(word: &str) -> MediaState {
    MediaState::from_word(word).unwrap_or(MediaState::Refused)
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
