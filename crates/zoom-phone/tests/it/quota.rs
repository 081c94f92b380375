//! The limiter against a strict Zoom, hours on a virtual clock.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use zoom_phone::quota::{Limiter, Limits, Plan, Priority, QuotaError, RateFacts, RateLabel};

use crate::quota_zoom::{Seen, Talk, Zoom, saturate};

const SECOND: Duration = Duration::from_secs(1);
const LABELS: [RateLabel; 4] =
    [RateLabel::Light, RateLabel::Medium, RateLabel::Heavy, RateLabel::ResourceIntensive];

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-22T12:00:00Z")
}

fn since(before: Seen, now: Seen) -> Seen {
    Seen {
        accepted: now.accepted - before.accepted,
        too_fast: now.too_fast - before.too_fast,
        too_many: now.too_many - before.too_many,
    }
}

#[tokio::test(start_paused = true)]
async fn a_saturated_label_uses_95_percent_of_its_quota_and_never_too_much() {
    for plan in [Plan::Pro, Plan::Business] {
        for talk in [Talk::Little, Talk::Much] {
            for label in LABELS {
                for priority in [Priority::Live, Priority::Backfill] {
                    let (limiter, zoom) = (Limiter::new(plan), Zoom::new(plan.limits(), talk, 39, noon(), 1));
                    let seconds = 300;
                    saturate(&limiter, &zoom, label, priority, seconds * SECOND).await;
                    let seen = zoom.seen(label);
                    let windows = if label == RateLabel::ResourceIntensive { seconds / 60 } else { seconds };
                    let most = u64::from(plan.limits().of(label) * windows);
                    assert_eq!((seen.too_fast, seen.too_many), (0, 0), "{plan:?} {label:?} {priority:?}");
                    assert!(
                        seen.accepted * 100 >= most * 95,
                        "{plan:?} {label:?} {priority:?}: {} of {most}",
                        seen.accepted
                    );
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn hours_of_random_work_with_cancellations_never_exceed_the_plan_and_all_are_served() {
    // The budget of the day has tests of its own.
    let limits = Limits { daily: 1_000_000, ..Plan::Pro.limits() };
    let (limiter, zoom) = (Limiter::new(Plan::custom(limits)), Zoom::new(limits, Talk::Much, 39, noon(), 2));
    let mut dice = StdRng::seed_from_u64(3);
    let mut calls = JoinSet::new();
    let mut cancelled = 0;
    for _ in 0..2 * 360 {
        // Ten seconds of one mood: from idle to half more than the plan allows, for each label.
        let busy = dice.random_range(0..150);
        for label in LABELS {
            let most = if label == RateLabel::ResourceIntensive { 2 } else { 10 * limits.of(label) };
            for _ in 0..most * busy / 100 {
                let (limiter, zoom) = (limiter.clone(), zoom.clone());
                let priority =
                    [Priority::Person, Priority::Live, Priority::Backfill][dice.random_range(0..3)];
                let begin = Instant::now() + Duration::from_millis(dice.random_range(0..10_000));
                let patience = Duration::from_millis(dice.random_range(0..4_000));
                let impatient = dice.random_bool(0.4);
                calls.spawn(async move {
                    sleep_until(begin).await;
                    let call = zoom.call(&limiter, label, priority);
                    if impatient { timeout(patience, call).await.ok() } else { Some(call.await) }
                });
            }
        }
        sleep(10 * SECOND).await;
        while let Some(ended) = calls.try_join_next() {
            match ended.unwrap() {
                Some(status) => assert_eq!(status.unwrap(), 200),
                None => cancelled += 1,
            }
        }
    }
    // The waits of all who stay are over within the time that what is left over needs.
    let rest = timeout(600 * SECOND, calls.join_all()).await.expect("all are served");
    assert!(rest.into_iter().flatten().all(|status| status.unwrap() == 200));
    assert!(cancelled > 1000, "{cancelled}");
    for label in LABELS {
        assert_eq!((zoom.seen(label).too_fast, zoom.seen(label).too_many), (0, 0), "{label:?}");
        assert!(zoom.seen(label).accepted > 300, "{label:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn backfill_gets_its_tenth_while_persons_want_more_than_there_is() {
    let (limiter, zoom) =
        (Limiter::new(Plan::Pro), Zoom::new(Plan::Pro.limits(), Talk::Little, 39, noon(), 4));
    let longest = Arc::new(AtomicU64::new(0));
    let sent = Arc::new(AtomicU64::new(0));
    let backfill = {
        let (limiter, longest, sent) = (limiter.clone(), longest.clone(), sent.clone());
        tokio::spawn(async move {
            loop {
                let pass = limiter.enter(Some(RateLabel::Medium), Priority::Backfill, None).await.unwrap();
                longest.fetch_max(pass.waited().as_millis().try_into().unwrap(), Ordering::Relaxed);
                sent.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    saturate(&limiter, &zoom, RateLabel::Medium, Priority::Person, 100 * SECOND).await;
    backfill.abort();
    // Ten requests go in 1.04 seconds: one of them is backfill.
    assert!((94..110).contains(&sent.load(Ordering::Relaxed)), "{sent:?}");
    assert!(longest.load(Ordering::Relaxed) <= 2080, "{longest:?} ms");
}

#[tokio::test(start_paused = true)]
async fn other_apps_push_us_down_and_we_come_back_when_they_stop() {
    for talk in [Talk::Little, Talk::Much] {
        let zoom = Zoom::new(Plan::Business.limits(), talk, 39, noon(), 5);
        let limiter = Limiter::new(Plan::Business);
        let label = RateLabel::Light;
        let others = tokio::spawn({
            let zoom = zoom.clone();
            async move {
                loop {
                    // 20 of the 40 in a second.
                    zoom.arrive(label);
                    sleep(SECOND / 20).await;
                }
            }
        });
        // They are found, then lived with.
        saturate(&limiter, &zoom, label, Priority::Live, 60 * SECOND).await;
        let found = zoom.seen(label);
        saturate(&limiter, &zoom, label, Priority::Live, 600 * SECOND).await;
        let together = since(found, zoom.seen(label));
        others.abort();
        assert!(together.accepted * 100 >= 600 * 40 * 85, "{together:?}");
        assert!(together.too_fast * 100 <= together.accepted * 3, "{together:?}");

        saturate(&limiter, &zoom, label, Priority::Live, 60 * SECOND).await;
        let back = zoom.seen(label);
        saturate(&limiter, &zoom, label, Priority::Live, 100 * SECOND).await;
        let alone = since(back, zoom.seen(label));
        assert!(alone.accepted * 100 >= 100 * 40 * 95, "{alone:?}");
        assert_eq!(alone.too_fast, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_day_ends_exactly_at_its_budget_and_begins_anew_at_zooms_midnight() {
    // This machine's clock is right or wrong, whatever it is: the day is Zoom's.
    let zoom = Zoom::new(Plan::Pro.limits(), Talk::Little, 39, at("2031-03-03T20:00:00Z"), 6);
    let limiter = Limiter::new(Plan::Pro);
    let midnight = at("2031-03-04T00:00:00Z");
    // Nobody asks more than the budget before the first answer has told the day.
    zoom.call(&limiter, RateLabel::ResourceIntensive, Priority::Live).await.unwrap();
    saturate(&limiter, &zoom, RateLabel::Heavy, Priority::Backfill, 3200 * SECOND).await;
    let seen = zoom.seen(RateLabel::Heavy);
    assert_eq!((seen.accepted, seen.too_fast, seen.too_many), (14_999, 0, 0));
    for label in [RateLabel::Heavy, RateLabel::ResourceIntensive] {
        let error = limiter.enter(Some(label), Priority::Person, None).await.unwrap_err();
        let QuotaError::Daily { until, .. } = error else { panic!("{error}") };
        assert_eq!(until, midnight);
    }
    assert_eq!(zoom.call(&limiter, RateLabel::Light, Priority::Person).await.unwrap(), 200);

    sleep((midnight - zoom.time()).try_into().unwrap()).await;
    sleep(2 * SECOND).await;
    saturate(&limiter, &zoom, RateLabel::Heavy, Priority::Backfill, 3200 * SECOND).await;
    let seen = zoom.seen(RateLabel::Heavy);
    assert_eq!((seen.accepted, seen.too_fast, seen.too_many), (29_999, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn midnight_in_the_middle_of_the_work_neither_exceeds_nor_wastes_a_day() {
    // Some 48 of the 60 requests go before midnight; those sent shortly before it arrive on the new day.
    let limits = Limits { daily: 60, ..Plan::Pro.limits() };
    for (seed, start) in [(0, "23:59:50Z"), (1, "23:59:50.3Z"), (2, "23:59:50.7Z"), (3, "23:59:50.95Z")] {
        // A day far from this machine's own, whenever the test runs; the first answer tells it.
        let zoom = Zoom::new(limits, Talk::Little, 39, at(&format!("2031-03-03T{start}")), seed);
        let limiter = Limiter::new(Plan::custom(limits));
        zoom.call(&limiter, RateLabel::Light, Priority::Live).await.unwrap();
        saturate(&limiter, &zoom, RateLabel::Heavy, Priority::Backfill, 60 * SECOND).await;
        let seen = zoom.seen(RateLabel::Heavy);
        assert_eq!((seen.too_fast, seen.too_many), (0, 0), "{start}");
        // What was sent in the last five seconds of the day counts twice.
        assert!(seen.accepted >= 43 + 60 - 25, "{start}: {seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_that_others_used_up_suspends_both_labels_until_the_time_that_zoom_names() {
    let zoom = Zoom::new(Plan::Pro.limits(), Talk::Little, 39, at("2026-11-22T20:00:00Z"), 8);
    for _ in 0..4000 {
        for _ in 0..4 {
            zoom.arrive(RateLabel::Heavy);
        }
        sleep(SECOND).await;
    }
    let limiter = Limiter::new(Plan::Pro);
    let until = at("2026-11-23T00:00:00Z");
    // Those who wait already are told, too.
    let (first, second) = tokio::join!(zoom.call(&limiter, RateLabel::Heavy, Priority::Live), async {
        sleep(SECOND).await;
        limiter.enter(Some(RateLabel::ResourceIntensive), Priority::Live, None).await
    });
    assert_eq!(first.unwrap(), 429);
    let error = second.unwrap_err();
    assert!(matches!(error, QuotaError::Daily { until: named, .. } if named == until), "{error}");
    assert_eq!(
        error.to_string(),
        "Zoom takes no more resource-intensive requests of this account until 2026-11-23T00:00:00Z; ask again then"
    );
    sleep((until - zoom.time()).try_into().unwrap()).await;
    sleep(2 * SECOND).await;
    assert_eq!(zoom.call(&limiter, RateLabel::Heavy, Priority::Live).await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn waiters_that_go_away_leave_no_hole() {
    let limiter = Limiter::new(Plan::Pro);
    let label = Some(RateLabel::Heavy);
    for _ in 0..5 {
        limiter.enter(label, Priority::Live, None).await.unwrap();
    }
    let begin = Instant::now();
    let mut crowd = JoinSet::new();
    for _ in 0..1000 {
        let limiter = limiter.clone();
        crowd.spawn(async move { limiter.enter(label, Priority::Live, None).await });
    }
    tokio::task::yield_now().await;
    let last = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.enter(label, Priority::Live, None).await.unwrap() }
    });
    sleep(SECOND / 2).await;
    crowd.shutdown().await;
    timeout(10 * SECOND, last).await.expect("the next is woken").unwrap();
    assert!(begin.elapsed() <= Duration::from_millis(1042), "{:?}", begin.elapsed());
    for _ in 0..4 {
        limiter.enter(label, Priority::Live, None).await.unwrap();
    }
    assert!(begin.elapsed() <= Duration::from_millis(1042), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_waiter_wakes_for_each_request_and_not_the_whole_crowd() {
    let limiter = Limiter::new(Plan::Business);
    let polls = Arc::new(AtomicU64::new(0));
    let mut crowd = JoinSet::new();
    for _ in 0..1000 {
        let (limiter, polls) = (limiter.clone(), polls.clone());
        crowd.spawn(async move {
            let mut enter = pin!(limiter.enter(Some(RateLabel::Light), Priority::Live, None));
            std::future::poll_fn(|context| {
                polls.fetch_add(1, Ordering::Relaxed);
                match enter.as_mut().poll(context) {
                    Poll::Ready(pass) => Poll::Ready(pass.unwrap()),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        });
    }
    timeout(60 * SECOND, crowd.join_all()).await.expect("each wakes the next");
    assert!(polls.load(Ordering::Relaxed) <= 3000, "{polls:?} polls");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_cannot_be_kept_fails_at_once_and_uses_no_quota() {
    let limiter = Limiter::new(Plan::Pro);
    let enter = |wait| limiter.enter(None, Priority::Live, Some(Instant::now() + wait));
    for _ in 0..10 {
        enter(Duration::ZERO).await.unwrap();
    }
    let begin = Instant::now();
    let error = enter(SECOND).await.unwrap_err();
    let QuotaError::Deadline { label: RateLabel::Medium, wait } = error else { panic!("{error}") };
    assert_eq!((wait, begin.elapsed()), (Duration::from_millis(1040), Duration::ZERO));
    for _ in 0..10 {
        enter(2 * SECOND).await.unwrap();
    }
    assert!(begin.elapsed() <= Duration::from_millis(1042), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_while_others_go_first_ends_the_wait() {
    let limiter = Limiter::new(Plan::Pro);
    let label = Some(RateLabel::Heavy);
    let mut persons = JoinSet::new();
    for _ in 0..100 {
        let limiter = limiter.clone();
        persons.spawn(async move { limiter.enter(label, Priority::Person, None).await });
    }
    tokio::task::yield_now().await;
    let begin = Instant::now();
    let error = limiter.enter(label, Priority::Live, Some(begin + SECOND / 2)).await.unwrap_err();
    assert!(matches!(error, QuotaError::Deadline { .. }), "{error}");
    assert!(begin.elapsed() <= Duration::from_millis(501), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_one_user_does_not_stall_the_account() {
    let limiter = Limiter::new(Plan::Pro);
    let mut headers = HeaderMap::new();
    headers.insert("x-ratelimit-remaining", HeaderValue::from_static("5893"));
    limiter.learn(Some(RateLabel::Light), &RateFacts::read(429, &headers));
    let begin = Instant::now();
    for _ in 0..20 {
        limiter.enter(Some(RateLabel::Light), Priority::Live, None).await.unwrap();
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_429_without_headers_pauses_its_label_for_a_second_and_no_other() {
    let limiter = Limiter::new(Plan::Pro);
    limiter.learn(Some(RateLabel::Light), &RateFacts::read(429, &HeaderMap::new()));
    let begin = Instant::now();
    limiter.enter(Some(RateLabel::Medium), Priority::Live, None).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    limiter.enter(Some(RateLabel::Light), Priority::Person, None).await.unwrap();
    assert!((SECOND..=SECOND * 3 / 2 + SECOND / 500).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_status_400_with_code_429_in_its_body_is_no_limit() {
    let limiter = Limiter::new(Plan::Pro);
    limiter.learn(Some(RateLabel::Light), &RateFacts::read(400, &HeaderMap::new()));
    let begin = Instant::now();
    for _ in 0..20 {
        limiter.enter(Some(RateLabel::Light), Priority::Live, None).await.unwrap();
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_plan_is_learned_from_the_first_header_that_tells_it() {
    let zoom = Zoom::new(Plan::Business.limits(), Talk::Much, 39, noon(), 9);
    let limiter = Limiter::new(Plan::Unknown);
    zoom.call(&limiter, RateLabel::Light, Priority::Live).await.unwrap();
    for label in [RateLabel::Light, RateLabel::Heavy] {
        let before = zoom.seen(label);
        saturate(&limiter, &zoom, label, Priority::Live, 60 * SECOND).await;
        let seen = since(before, zoom.seen(label));
        let most = 60 * u64::from(Plan::Business.limits().of(label));
        assert!(seen.accepted * 100 >= most * 95 && seen.too_fast == 0, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_smaller_than_told_is_learned_from_the_headers() {
    let zoom = Zoom::new(Plan::Pro.limits(), Talk::Much, 39, noon(), 10);
    let limiter = Limiter::new(Plan::Business);
    zoom.call(&limiter, RateLabel::Light, Priority::Live).await.unwrap();
    saturate(&limiter, &zoom, RateLabel::Light, Priority::Live, 60 * SECOND).await;
    let seen = zoom.seen(RateLabel::Light);
    assert!(seen.accepted >= 60 * 20 * 95 / 100 && seen.too_fast == 0, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_budget_tells_what_is_used_and_spends_nothing() {
    let limiter = Limiter::new(Plan::Business);
    for label in [RateLabel::Heavy, RateLabel::Light, RateLabel::ResourceIntensive] {
        limiter.enter(Some(label), Priority::Backfill, None).await.unwrap();
    }
    for _ in 0..100 {
        let budget = limiter.budget().unwrap().unwrap();
        assert_eq!((budget.limits, budget.used_today), (Plan::Business.limits(), 2));
        assert!(budget.day_ends_in <= Duration::from_hours(24));
    }
}
