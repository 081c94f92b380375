//! Asking for what rows led to, by id: many at once, up to what the limiter lets through.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use offhook_store::{StoreError, SyncFate, SyncFollow, SyncItem, SyncRow, SyncStep};
use serde_json::{Map, Value};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use zoom_phone::{client::Error as ZoomError, quota::RateLabel};

use super::{Side, Syncer, backoff, kind::Item, kind::text, requests, told};

/// Asked for at the same time. At 40 a second this allows answers to take more than a second.
const AT_ONCE: usize = 64;

/// Fetched from the store at once.
const BATCH: usize = 512;

/// Answers are written down together: so many, or what has come in this time.
const GATHER: usize = 64;
const GATHER_TIME: Duration = Duration::from_secs(1);

/// Not there so many times, over twenty hours: it never will be.
const NOT_THERE: u32 = 12;
/// Refused so many times: it always will be.
const REFUSALS: u32 = 3;
/// Failed at Zoom so many times, over days.
const FAILURES: u32 = 24;

/// How long to leave Zoom alone when it cannot be reached, doubled each time.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_mins(5);

/// What came of asking for one item.
enum Outcome {
    /// Rows, what to remember, and how many requests it took.
    Here(Vec<SyncRow>, String, u64),
    Failed(ZoomError),
    /// Of a kind that only a newer Offhook knows, which will ask for it.
    Unknown,
}

/// What is being asked for.
struct Asking {
    /// Words of the items with this label.
    kinds: Vec<&'static str>,
    ready: VecDeque<SyncItem>,
    under_way: JoinSet<(SyncItem, Outcome)>,
    /// Kind and id of all that is ready, under way or answered, and not noted yet.
    taken: HashSet<(String, String)>,
    answered: Vec<(SyncItem, SyncFate, Vec<SyncRow>, u64)>,
    /// When the first of `answered` came.
    since: Instant,
    /// The store had nothing more; look again then, or when there is news.
    dry: bool,
    rest: Duration,
    resting_until: Option<Instant>,
}

impl Syncer {
    /// Asks for the items of one label until shutdown. Labels have limits of their own at Zoom, so what waits for one
    /// takes no place from another.
    pub(super) async fn ask_items(self: Arc<Self>, side: Side, label: RateLabel) {
        let mut work = self.work.subscribe();
        let of_label = Item::ALL.into_iter().filter(|item| item.label() == label);
        let kinds: Vec<_> = of_label.map(Item::word).collect();
        if kinds.is_empty() {
            return;
        }
        let mut asking = Asking {
            kinds,
            ready: VecDeque::new(),
            under_way: JoinSet::new(),
            taken: HashSet::new(),
            answered: Vec::new(),
            since: Instant::now(),
            dry: false,
            rest: FIRST_REST,
            resting_until: None,
        };
        while !self.shutdown.is_cancelled() {
            if let Err(error) = self.ask(side, &mut asking, &mut work).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot note what Zoom gave");
                // What was not noted is still due.
                asking.answered.clear();
                asking.ready.clear();
                asking.under_way.abort_all();
                while asking.under_way.join_next().await.is_some() {}
                asking.taken.clear();
                if !self.look_again(&mut work).await {
                    break;
                }
            }
        }
        if let Err(error) = self.note(&mut asking).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot note what Zoom gave");
        }
    }

    /// One turn: begins what may begin, and waits for one thing to happen.
    async fn ask(
        self: &Arc<Self>,
        side: Side,
        asking: &mut Asking,
        work: &mut tokio::sync::watch::Receiver<()>,
    ) -> Result<(), StoreError> {
        let rests = self.rests(side) || asking.resting_until.is_some_and(|until| until > Instant::now());
        if rests {
            asking.taken.retain(|taken| {
                !asking.ready.iter().any(|item| (&item.kind, &item.id) == (&taken.0, &taken.1))
            });
            asking.ready.clear();
        } else {
            if asking.ready.is_empty() && asking.under_way.len() < AT_ONCE && !asking.dry {
                let limit = BATCH + asking.taken.len();
                let now = self.clock.now();
                let (account, kinds) = (self.config.account.clone(), asking.kinds.clone());
                let due = self.store.sync_due(account, side.lanes(), kinds, limit, now).await?;
                for item in due {
                    if asking.taken.insert((item.kind.clone(), item.id.clone())) {
                        asking.ready.push_back(item);
                    }
                }
                asking.dry = asking.ready.is_empty();
            }
            while asking.under_way.len() < AT_ONCE
                && let Some(item) = asking.ready.pop_front()
            {
                let syncer = Arc::clone(self);
                asking.under_way.spawn(async move {
                    let outcome = syncer.ask_for(side, &item).await;
                    (item, outcome)
                });
            }
        }
        let gathered = asking.since + GATHER_TIME;
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => return Ok(()),
            Some(joined) = asking.under_way.join_next(), if !asking.under_way.is_empty() => {
                if let Ok((item, outcome)) = joined {
                    self.judge(asking, item, outcome).await?;
                }
            }
            () = sleep_until(gathered), if !asking.answered.is_empty() => {}
            looked = self.look_again(work), if asking.dry || rests => {
                asking.dry = asking.dry && !looked;
            }
        }
        let idle = asking.under_way.is_empty() && asking.ready.is_empty();
        if asking.answered.len() >= GATHER || idle || Instant::now() >= gathered {
            self.note(asking).await?;
        }
        Ok(())
    }

    /// Decides what an outcome means.
    async fn judge(&self, asking: &mut Asking, item: SyncItem, outcome: Outcome) -> Result<(), StoreError> {
        if asking.answered.is_empty() {
            asking.since = Instant::now();
        }
        let count = |outcome: &'static str| {
            metrics::counter!("offhook_sync_asked_total", "kind" => item.kind.clone(), "outcome" => outcome)
                .increment(1);
        };
        let (fate, rows, asked) = match outcome {
            Outcome::Here(rows, memo, asked) => {
                count("stored");
                self.allowed(&item.kind).await?;
                asking.rest = FIRST_REST;
                (SyncFate::Done(memo), rows, asked)
            }
            Outcome::Failed(error) => {
                let now = self.clock.now();
                let reason = told(&error);
                let again = |due: Timestamp| SyncFate::Again { due, reason: reason.clone() };
                let fate = match error.api() {
                    Some(api) if api.scope_missing() => {
                        count("refused");
                        self.refused(&item.kind, &error).await?;
                        // The others of its kind would be refused, too.
                        asking.taken.retain(|(kind, id)| *kind != item.kind || *id == item.id);
                        asking.ready.retain(|other| other.kind != item.kind);
                        None
                    }
                    Some(_) if error.is_not_found() && item.tries + 1 < NOT_THERE => {
                        count("not_found");
                        Some(again(now + backoff(item.tries)))
                    }
                    api if is_about_item(&error) => {
                        count("failed");
                        // A sync token that is out of date is replaced by the next try.
                        let helps = api.is_none_or(|api| error.retry_helps() || api.code == Some(7035));
                        let most = if helps { FAILURES } else { REFUSALS };
                        Some(if item.tries + 1 >= most {
                            SyncFate::GivenUp { reason: reason.clone() }
                        } else {
                            again(now + backoff(item.tries))
                        })
                    }
                    // It is not about this one: none would be answered now.
                    _ => {
                        count("failed");
                        // Many that were under way together fail together, for one reason.
                        let now = Instant::now();
                        if asking.resting_until.is_none_or(|until| until <= now) {
                            asking.resting_until = Some(now + asking.rest);
                            asking.rest = (asking.rest * 2).min(LONGEST_REST);
                        }
                        None
                    }
                };
                let Some(fate) = fate else {
                    asking.taken.remove(&(item.kind.clone(), item.id.clone()));
                    return Ok(());
                };
                (fate, Vec::new(), 1)
            }
            Outcome::Unknown => {
                count("unknown");
                let reason = "this Offhook does not know this kind".to_owned();
                let due = self.clock.now() + SignedDuration::from_hours(24);
                (SyncFate::Again { due, reason }, Vec::new(), 0)
            }
        };
        asking.answered.push((item, fate, rows, asked));
        Ok(())
    }

    /// Writes down what was answered.
    async fn note(&self, asking: &mut Asking) -> Result<(), StoreError> {
        let answered = std::mem::take(&mut asking.answered);
        let mut runs: Vec<(u64, Vec<_>)> = Vec::new();
        for answer in answered {
            match runs.iter_mut().find(|(run, _)| *run == answer.0.run) {
                Some((_, answers)) => answers.push(answer),
                None => runs.push((answer.0.run, vec![answer])),
            }
        }
        for (run, answers) in runs {
            let Some(lane) = answers.first().map(|(item, ..)| item.lane) else { continue };
            let mut step = SyncStep {
                account: self.config.account.clone(),
                rows: Vec::new(),
                run,
                lane,
                window: None,
                items: Vec::new(),
                requests: offhook_store::SyncRequests::default(),
                now: self.clock.now(),
            };
            let mut taken = Vec::new();
            for (item, fate, rows, asked) in answers {
                if let Some(kind) = Item::of(&item.kind) {
                    let more = requests(kind.label(), asked);
                    step.requests.light += more.light;
                    step.requests.medium += more.medium;
                    step.requests.heavy += more.heavy;
                }
                taken.push((item.kind.clone(), item.id.clone()));
                step.rows.extend(rows);
                step.items.push((item, fate));
            }
            self.step(step).await?;
            for key in taken {
                asking.taken.remove(&key);
            }
        }
        Ok(())
    }

    /// Asks Zoom for one item.
    async fn ask_for(&self, side: Side, item: &SyncItem) -> Outcome {
        let Some(kind) = Item::of(&item.kind) else { return Outcome::Unknown };
        match self.answer(side, kind, item).await {
            Ok((rows, memo, asked)) => Outcome::Here(rows, memo, asked),
            Err(error) => Outcome::Failed(error),
        }
    }

    async fn answer(
        &self,
        side: Side,
        kind: Item,
        item: &SyncItem,
    ) -> Result<(Vec<SyncRow>, String, u64), ZoomError> {
        let call = self.config.client.operation(kind.operation())?.priority(side.priority());
        let keep = |fields| SyncRow {
            arrival: Some(self.arrival(kind.door(), kind.operation(), fields)),
            follow: Vec::new(),
        };
        let call = match kind {
            Item::Path => call.path("callHistoryUuid", item.id.as_str()),
            Item::Voicemail => call.path("voicemailId", item.id.as_str()),
            Item::CallLog => call.path("callLogId", item.id.as_str()),
            Item::Summary => {
                let (user, summary) = item.id.split_once(' ').unwrap_or_default();
                call.path("userId", user).path("aiCallSummaryId", summary)
            }
            Item::Session => {
                let mut words = item.id.split(' ');
                let session = words.next().unwrap_or_default();
                let mut call = call.path("sessionId", session);
                let mut time = || words.next().and_then(|word| word.parse::<Timestamp>().ok());
                if let (Some(from), Some(to)) = (time(), time()) {
                    call = call.window(from, to);
                }
                let (rows, asked, _) = all(call).await?;
                // The list's rows do not say whose messages they are; their session does.
                let with_session = |mut row: Map<String, Value>| {
                    row.entry("session_id").or_insert_with(|| session.into());
                    keep(row)
                };
                return Ok((rows.into_iter().map(with_session).collect(), String::new(), asked));
            }
            Item::UserElements => {
                let mut call = call.path("userId", item.id.as_str());
                if !item.memo.is_empty() {
                    call = call.query("sync_token", &item.memo);
                }
                let (rows, asked, token) = all(call).await?;
                let lead_on = |row: Map<String, Value>| {
                    let summary = text(&row, "ai_call_summary_id").map(|id| SyncFollow {
                        kind: Item::Summary.word().to_owned(),
                        id: format!("{} {id}", item.id),
                        about: None,
                        always: false,
                    });
                    SyncRow { follow: summary.into_iter().collect(), ..keep(row) }
                };
                let memo = token.unwrap_or_else(|| item.memo.clone());
                return Ok((rows.into_iter().map(lead_on).collect(), memo, asked));
            }
        };
        match call.answer().await?.body {
            Value::Object(fields) => Ok((vec![keep(fields)], String::new(), 1)),
            _ => Err(ZoomError::Unreadable {
                operation: kind.operation().to_owned(),
                status: 200,
                found: "no JSON object",
                tracking_id: None,
            }),
        }
    }
}

/// All rows of a short list, the pages it took, and the last sync token.
async fn all(
    call: zoom_phone::client::Call,
) -> Result<(Vec<Map<String, Value>>, u64, Option<String>), ZoomError> {
    let mut pages = call.pages::<Value>();
    let (mut rows, mut count, mut token, mut missing) = (Vec::new(), 0, None, Vec::new());
    while let Some(page) = pages.next().await {
        let page = page?;
        count += 1;
        token = page.sync_token.or(token);
        missing.extend(page.anomalies.into_iter().filter(zoom_phone::client::Anomaly::may_miss_rows));
        rows.extend(page.items.into_iter().filter_map(|row| match row {
            Value::Object(fields) => Some(fields),
            _ => None,
        }));
    }
    if missing.is_empty() {
        Ok((rows, count, token))
    } else {
        Err(ZoomError::Incomplete { operation: "a list of one thing".to_owned(), anomalies: missing })
    }
}

/// Whether an error is about what was asked for, and not about Zoom as a whole, the way there or who asks.
fn is_about_item(error: &ZoomError) -> bool {
    match error {
        ZoomError::Auth { .. }
        | ZoomError::Quota { .. }
        | ZoomError::CircuitOpen { .. }
        | ZoomError::Unreachable { .. } => false,
        ZoomError::Api(api) => {
            error.is_not_found() || (error.daily_end().is_none() && api.status != 401 && api.status != 429)
        }
        _ => true,
    }
}
