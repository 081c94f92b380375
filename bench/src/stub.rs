//! A server that keeps its promises, or breaks one on purpose: what the tests measure and audit.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, Request},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::IntoResponse as _,
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use crate::events::{TALK_SECONDS, call_id};

/// An inbox in memory, its calls worked out anew for every question.
#[derive(Clone, Default)]
pub(crate) struct Stub {
    inbox: Arc<Mutex<Vec<Value>>>,
    /// Counts every copy of an event as another event.
    pub(crate) folds_twice: bool,
    /// This call is in the list twice.
    pub(crate) lists_twice: Option<u64>,
    /// This call is not in the list.
    pub(crate) hides: Option<u64>,
}

impl Stub {
    /// Stores an event.
    pub(crate) fn store(&self, body: &[u8]) {
        self.inbox.lock().unwrap().push(serde_json::from_slice(body).unwrap());
    }

    /// Makes a stored event another.
    pub(crate) fn damage(&self, body: &[u8]) {
        let body: Value = serde_json::from_slice(body).unwrap();
        let mut inbox = self.inbox.lock().unwrap();
        let entry = inbox.iter_mut().find(|entry| **entry == body).unwrap();
        entry["payload"]["object"]["caller"]["phone_number"] = Value::from("+12125550100");
    }

    fn calls(&self) -> BTreeMap<String, Vec<String>> {
        let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for body in self.inbox.lock().unwrap().iter() {
            let call = body["payload"]["object"]["call_id"].as_str().unwrap().to_owned();
            calls.entry(call).or_default().push(body["event"].as_str().unwrap().to_owned());
        }
        if !self.folds_twice {
            for events in calls.values_mut() {
                *events = events.drain(..).collect::<BTreeSet<_>>().into_iter().collect();
            }
        }
        calls
    }

    fn list(&self, cursor: &str) -> Value {
        let mut ids: Vec<String> = self.calls().into_keys().collect();
        ids.extend(self.lists_twice.map(call_id));
        ids.retain(|id| Some(id) != self.hides.map(call_id).as_ref());
        // Pages of 50, so that there are several.
        let from: usize = cursor.parse().unwrap_or(0);
        let page: Vec<Value> = ids.iter().skip(from).take(50).map(|id| json!({ "id": id })).collect();
        let next = (from + 50 < ids.len()).then(|| (from + 50).to_string());
        json!({ "calls": page, "next_cursor": next })
    }

    fn show(&self, id: &str) -> Value {
        let events = self.calls().remove(id).unwrap_or_default();
        let has = |word: &str| events.iter().any(|event| event.ends_with(word));
        let (state, talk) = match (has("ended"), has("answered")) {
            (true, _) => ("ended", Some(TALK_SECONDS)),
            (false, true) => ("talking", None),
            (false, false) => ("ringing", None),
        };
        json!({
            "id": id,
            "state": state,
            "legs": [{ "state": state, "attempts": 1, "talk_seconds": talk }],
            "timeline": events,
        })
    }

    fn events(&self, after: usize) -> Value {
        // Pages of 100, so that there are several.
        let page: Vec<Value> = (1..)
            .zip(self.inbox.lock().unwrap().iter())
            .skip(after)
            .take(100)
            .map(|(seq, body): (usize, &Value)| json!({ "seq": seq, "body": body }))
            .collect();
        json!({ "events": page })
    }

    /// The part of Offhook's API that this crate reads.
    pub(crate) fn router(&self) -> Router {
        let (take, list, show, events) = (self.clone(), self.clone(), self.clone(), self.clone());
        Router::new()
            .route(
                "/zoom/webhook",
                post(async move |body: Bytes| {
                    take.store(&body);
                    StatusCode::NO_CONTENT
                }),
            )
            .route("/metrics", get(async || "offhook_inbox_backlog 0\n"))
            .route(
                "/api/v1/calls",
                get(async move |Query(query): Query<BTreeMap<String, String>>| {
                    Json(list.list(query.get("cursor").map_or("", String::as_str)))
                }),
            )
            .route("/api/v1/calls/{id}", get(async move |Path(id): Path<String>| Json(show.show(&id))))
            .route(
                "/api/v1/events",
                get(async move |Query(query): Query<BTreeMap<String, String>>| {
                    Json(events.events(query["after"].parse().unwrap()))
                }),
            )
    }
}

/// Serves on a port of its own for as long as the test runs.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Serves this many requests; the next ones are refused, and the server is gone.
pub(crate) async fn serve_requests(router: Router, requests: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (served, over) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let last = Arc::clone(&over);
    let counted = router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let (served, over) = (Arc::clone(&served), Arc::clone(&over));
        async move {
            if served.fetch_add(1, Ordering::SeqCst) < requests {
                return next.run(request).await;
            }
            over.notify_one();
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CONNECTION, "close")]).into_response()
        }
    }));
    tokio::spawn(async move {
        tokio::select! {
            _ = axum::serve(listener, counted) => {}
            () = last.notified() => {}
        }
    });
    address
}
