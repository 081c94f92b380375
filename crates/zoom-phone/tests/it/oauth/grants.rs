//! Grants of people: rotation, lost answers, failing stores, rejected tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use zoom_phone::oauth::{
    AuthError, Grant, GrantState, Locked, MemoryStore, StoreError, TokenSource, TokenStore,
};

use super::zoom::{Trick, Zoom};
use super::{pass, text, until};

const KEY: &str = "anna";

/// Somebody has signed in, and the access token has ended since.
async fn expired(zoom: &Zoom) -> MemoryStore {
    zoom.expires_in([0]);
    let store = MemoryStore::default();
    store.lock(KEY).await.unwrap().save(&zoom.sign_in().await).await.unwrap();
    store
}

fn source(zoom: &Zoom, store: impl TokenStore) -> TokenSource {
    TokenSource::grant(zoom.app(), store, KEY).unwrap()
}

async fn stored(store: &impl TokenStore) -> Grant {
    store.load(KEY).await.unwrap().unwrap()
}

#[tokio::test]
async fn two_hundred_callers_with_an_expired_token_make_one_refresh() {
    let zoom = Zoom::start().await;
    let tokens = source(&zoom, expired(&zoom).await);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let tokens = tokens.clone();
        callers.spawn(async move { tokens.token().await });
    }
    for token in callers.join_all().await {
        assert_eq!(text(&token.unwrap()), "access-2");
    }
    assert_eq!(zoom.refreshes(), ["refresh-1"]);
}

#[tokio::test]
async fn two_hundred_sources_that_share_a_store_make_one_refresh() {
    let zoom = Zoom::start().await;
    let first = source(&zoom, expired(&zoom).await);
    let mut callers = JoinSet::new();
    for _ in 0..200 {
        let tokens = first.for_key(KEY).unwrap();
        callers.spawn(async move { tokens.token().await });
    }
    for token in callers.join_all().await {
        assert_eq!(text(&token.unwrap()), "access-2");
    }
    assert_eq!(zoom.refreshes(), ["refresh-1"]);
}

#[tokio::test]
async fn one_app_serves_many_people_and_mixes_nobody_up() {
    let zoom = Zoom::start().await;
    let anna = source(&zoom, MemoryStore::default());
    let berta = anna.for_key("berta").unwrap();
    let of_anna = anna.sign_in(&zoom.sign_in().await).await.unwrap();
    assert!(matches!(berta.token().await, Err(AuthError::NotSignedIn { key }) if key == "berta"));
    let of_berta = berta.sign_in(&zoom.sign_in().await).await.unwrap();
    assert_ne!(of_anna, of_berta);
    assert_eq!((anna.token().await.unwrap(), berta.token().await.unwrap()), (of_anna, of_berta));
}

#[tokio::test]
async fn each_refresh_uses_the_refresh_token_of_the_one_before() {
    let zoom = Zoom::start().await;
    let tokens = source(&zoom, expired(&zoom).await);
    assert_eq!(text(&tokens.token().await.unwrap()), "access-2");
    for _ in 0..2 {
        pass(Duration::from_hours(1)).await;
        tokens.token().await.unwrap();
    }
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-2", "refresh-3"]);
    assert_eq!(tokens.stored().await.unwrap().unwrap().state(), GrantState::Live);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_the_new_tokens_along() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    let tokens = source(&zoom, store.clone());
    zoom.trick(Trick::Hold);
    {
        let mut caller = Box::pin(tokens.token());
        tokio::select! {
            _ = &mut caller => panic!("the request is held"),
            () = zoom.holds() => {}
        }
    }
    assert!(matches!(stored(&store).await.state(), GrantState::Unknown { .. }));
    zoom.release();
    assert_eq!(text(&tokens.token().await.unwrap()), "access-2");
    assert_eq!(zoom.refreshes(), ["refresh-1"]);
    assert_eq!(stored(&store).await.state(), GrantState::Live);
}

#[tokio::test]
async fn after_a_lost_answer_the_old_refresh_token_is_tried_once_more() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    zoom.allow_grace();
    zoom.trick(Trick::LoseAnswer);
    assert_eq!(text(&source(&zoom, store.clone()).token().await.unwrap()), "access-3");
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-1"]);
    assert_eq!(stored(&store).await.state(), GrantState::Live);
}

#[tokio::test]
async fn where_zoom_does_not_take_it_again_the_error_says_why_and_nobody_asks_any_more() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    zoom.trick(Trick::LoseAnswer);
    let tokens = source(&zoom, store.clone());
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, AuthError::SignInAgain { answer_lost: true, .. }), "{error:?}");
    assert!(error.to_string().contains("sign in again") && error.to_string().contains("was lost"), "{error}");
    for _ in 0..5 {
        pass(Duration::from_mins(2)).await;
        assert!(tokens.token().await.is_err());
        assert!(source(&zoom, store.clone()).token().await.is_err());
    }
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-1"]);
}

#[tokio::test]
async fn without_any_answer_nothing_is_final() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    let tokens = source(&zoom, store.clone());
    zoom.allow_grace();
    zoom.trick(Trick::LoseAnswer);
    zoom.trick(Trick::Say(502, "bad gateway"));
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, AuthError::Unavailable { status: 502, .. }) && error.retry_helps(), "{error:?}");
    assert!(matches!(stored(&store).await.state(), GrantState::Unknown { .. }));
    pass(Duration::from_secs(2)).await;
    assert!(tokens.token().await.is_ok());
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-1", "refresh-1"]);
}

#[tokio::test]
async fn failures_in_a_row_are_told_without_asking_for_longer_and_longer() {
    let zoom = Zoom::start().await;
    let tokens = source(&zoom, expired(&zoom).await);
    for _ in 0..20 {
        zoom.trick(Trick::Say(503, ""));
    }
    for _ in 0..300 {
        assert!(tokens.token().await.is_err());
        pass(Duration::from_secs(1)).await;
    }
    // After 1, 2, 4, 8, 16, 32 seconds, then every minute.
    let asked = zoom.refreshes().len();
    assert!((9..=11).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_dead_refresh_token_is_final_for_all_until_somebody_signs_in() {
    for body in [
        r#"{"error":"invalid_grant"}"#,
        r#"{"reason":"Invalid Token!","error":"invalid_request"}"#,
        r#"{"code":4741,"message":"revoked"}"#,
    ] {
        let zoom = Zoom::start().await;
        let store = expired(&zoom).await;
        zoom.trick(Trick::Say(400, body));
        let (tokens, other) = (source(&zoom, store.clone()), source(&zoom, store.clone()));
        assert!(matches!(tokens.token().await, Err(AuthError::SignInAgain { answer_lost: false, .. })));
        for _ in 0..3 {
            pass(Duration::from_mins(2)).await;
            let (one, two) = (tokens.token().await.unwrap_err(), other.token().await.unwrap_err());
            assert!(!one.retry_helps() && one.to_string() == two.to_string(), "{one} / {two}");
        }
        assert_eq!(zoom.refreshes(), ["refresh-1"], "{body}");
        // Signed in through one of them; the other finds it when its minute is over.
        let token = tokens.sign_in(&zoom.sign_in().await).await.unwrap();
        assert_eq!(tokens.token().await.unwrap(), token);
        pass(Duration::from_mins(2)).await;
        assert_eq!(other.token().await.unwrap(), token);
        assert_eq!(zoom.refreshes(), ["refresh-1"]);
    }
}

#[tokio::test]
async fn a_fault_of_the_app_does_not_end_the_grant_of_a_person() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    let tokens = source(&zoom, store.clone());
    zoom.trick(Trick::Say(
        401,
        r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
    ));
    assert!(matches!(tokens.token().await, Err(AuthError::InvalidClient { .. })));
    assert_eq!(stored(&store).await.state(), GrantState::Live);
    pass(Duration::from_mins(2)).await;
    assert!(tokens.token().await.is_ok());
}

#[tokio::test]
async fn who_is_not_signed_in_is_told_so_and_zoom_is_not_asked() {
    let zoom = Zoom::start().await;
    let error = source(&zoom, MemoryStore::default()).token().await.unwrap_err();
    assert!(matches!(&error, AuthError::NotSignedIn { key } if key == KEY), "{error:?}");
    assert!(zoom.requests().is_empty());
}

#[tokio::test]
async fn a_rejected_token_that_somebody_has_replaced_costs_no_refresh() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    let (one, other) = (source(&zoom, store.clone()), source(&zoom, store));
    let old = one.token().await.unwrap();
    assert_eq!(other.token().await.unwrap(), old);
    one.invalidate(&old).await;
    let new = one.token().await.unwrap();
    other.invalidate(&old).await;
    assert_eq!(other.token().await.unwrap(), new);
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-2"]);
}

#[tokio::test]
async fn tokens_that_are_always_rejected_cost_one_request_a_minute() {
    let zoom = Zoom::start().await;
    let tokens = source(&zoom, expired(&zoom).await);
    for _ in 0..60 {
        let token = tokens.token().await.unwrap();
        tokens.invalidate(&token).await;
        pass(Duration::from_secs(10)).await;
    }
    // Ten minutes: the first, its replacement, and one for each minute.
    let asked = zoom.refreshes().len();
    assert!((10..=12).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_token_that_is_due_is_used_to_its_end_whatever_keeps_a_new_one_away() {
    for (status, body) in [(503, ""), (400, r#"{"reason":"no","error":"invalid_client"}"#)] {
        let zoom = Zoom::start().await;
        let tokens = source(&zoom, MemoryStore::default());
        let token = tokens.sign_in(&zoom.sign_in().await).await.unwrap();
        zoom.trick(Trick::Say(status, body));
        pass(Duration::from_secs(3590)).await;
        assert_eq!(tokens.token().await.unwrap(), token);
        until(|| !zoom.refreshes().is_empty()).await;
        assert_eq!(tokens.token().await.unwrap(), token);
        pass(Duration::from_secs(2)).await;
        assert_eq!(tokens.token().await.unwrap(), token, "{status}");
        pass(Duration::from_secs(61)).await;
        assert_eq!(text(&tokens.token().await.unwrap()), "access-2");
    }
}

#[tokio::test]
async fn a_token_that_is_due_is_handed_out_while_another_is_asked_for() {
    let zoom = Zoom::start().await;
    let tokens = source(&zoom, MemoryStore::default());
    let token = tokens.sign_in(&zoom.sign_in().await).await.unwrap();
    zoom.trick(Trick::Hold);
    pass(Duration::from_secs(3500)).await;
    assert_eq!(tokens.token().await.unwrap(), token);
    zoom.holds().await;
    // The answer is awaited, and nobody waits for it.
    for _ in 0..3 {
        assert_eq!(tokens.token().await.unwrap(), token);
    }
    zoom.release();
    // Who reports the old one waits for the new one.
    tokens.invalidate(&token).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "access-2");
    assert_eq!(zoom.refreshes(), ["refresh-1"]);
}

/// Fails one of its saves.
#[derive(Clone)]
struct Brittle {
    store: MemoryStore,
    saves_until_failure: Arc<AtomicU32>,
}

struct BrittleLock {
    locked: Box<dyn Locked>,
    saves_until_failure: Arc<AtomicU32>,
}

impl Brittle {
    fn new(store: MemoryStore, good_saves: u32) -> Self {
        Self { store, saves_until_failure: Arc::new(AtomicU32::new(good_saves)) }
    }
}

impl TokenStore for Brittle {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        self.store.load(key)
    }

    fn lock<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>> {
        Box::pin(async move {
            let (locked, saves_until_failure) =
                (self.store.lock(key).await?, self.saves_until_failure.clone());
            Ok(Box::new(BrittleLock { locked, saves_until_failure }) as Box<dyn Locked>)
        })
    }
}

impl Locked for BrittleLock {
    fn load(&mut self) -> BoxFuture<'_, Result<Option<Grant>, StoreError>> {
        self.locked.load()
    }

    fn save<'a>(&'a mut self, grant: &'a Grant) -> BoxFuture<'a, Result<(), StoreError>> {
        match self.saves_until_failure.fetch_sub(1, Ordering::SeqCst) {
            0 => Box::pin(async { Err(StoreError::LockLost { key: KEY.to_owned() }) }),
            _ => self.locked.save(grant),
        }
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.locked.remove()
    }
}

#[tokio::test]
async fn nothing_is_sent_when_the_note_of_it_cannot_be_kept() {
    let zoom = Zoom::start().await;
    let tokens = source(&zoom, Brittle::new(expired(&zoom).await, 0));
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, AuthError::Store(_)), "{error:?}");
    assert!(zoom.refreshes().is_empty());
    pass(Duration::from_secs(2)).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "access-2");
}

#[tokio::test]
async fn a_new_pair_that_the_store_does_not_take_is_neither_used_nor_lost() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    let tokens = source(&zoom, Brittle::new(store.clone(), 1));
    assert!(matches!(tokens.token().await, Err(AuthError::Store(_))));
    assert!(matches!(stored(&store).await.state(), GrantState::Unknown { .. }));
    pass(Duration::from_secs(2)).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "access-2");
    assert_eq!(stored(&store).await.state(), GrantState::Live);
    assert_eq!(zoom.refreshes(), ["refresh-1"], "the second time nobody asked Zoom");
    pass(Duration::from_hours(1)).await;
    assert_eq!(text(&tokens.token().await.unwrap()), "access-3");
}

#[tokio::test]
async fn the_pair_of_one_that_stood_still_outranks_what_others_heard_of_the_old_one() {
    let zoom = Zoom::start().await;
    let store = expired(&zoom).await;
    let slow = source(&zoom, Brittle::new(store.clone(), 1));
    assert!(slow.token().await.is_err(), "its lock went to another");
    let other = source(&zoom, store.clone());
    assert!(matches!(other.token().await, Err(AuthError::SignInAgain { .. })));
    pass(Duration::from_mins(2)).await;
    assert_eq!(text(&slow.token().await.unwrap()), "access-2");
    assert_eq!(text(&other.token().await.unwrap()), "access-2");
}
