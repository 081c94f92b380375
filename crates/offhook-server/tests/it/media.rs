//! Files of calls over the API, and their bytes over short-lived links.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp};
use offhook_media::{ArchiveConfig, Folder, Policy, Shelf, Source};
use offhook_server::Clock;
use reqwest::{Method, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use zoom_phone::oauth::seal::SealKey;
use zoom_phone_emulator::{Emulator, Running};

use crate::{
    rig::{ACCOUNT, Rig, Setup, eventually, now},
    sync::{client_with, tokens_of},
};

/// A server that has fetched the recording and the transcript of one call, and a clock to turn.
struct Library {
    rig: Rig,
    zoom: Running,
    ahead: Arc<Mutex<SignedDuration>>,
}

impl Library {
    async fn new(policy: Policy, encrypt: bool) -> Self {
        let zoom = Emulator::builder().at(now() - SignedDuration::from_hours(3)).start().await.unwrap();
        zoom.trigger("recorded", json!({})).await.unwrap();
        zoom.advance(SignedDuration::from_hours(2)).await;
        let address = zoom.origin().strip_prefix("http://").unwrap().parse().unwrap();
        let client = client_with(address, tokens_of(address, "demo_client_secret"));
        let source = Source { client, client_id: "demo_client_id_000000A".to_owned() };
        let directory = Arc::new(TempDir::new().unwrap());
        let media = ArchiveConfig {
            policy,
            shelf: Shelf::Folder(Folder::open(directory.path().join("media")).unwrap()),
            key: Some(SealKey::from_text(&SecretString::from("cd".repeat(32))).unwrap()),
            encrypt,
            sources: BTreeMap::from([(ACCOUNT.to_owned(), source)]),
        };
        let ahead = Arc::new(Mutex::new(SignedDuration::ZERO));
        let turned = Arc::clone(&ahead);
        let clock = Clock::new(move || now() + *turned.lock().unwrap());
        let rig = Rig::with(Setup { media: Some(media), clock, directory, ..Setup::default() }).await;
        for event in zoom.events() {
            rig.tell(&event).await;
        }
        Self { rig, zoom, ahead }
    }

    /// The file of a kind, once it is in a state.
    async fn file(&self, kind: &str, state: &str) -> Value {
        eventually("the file is as it should be", || async {
            let list = self.rig.json(&format!("/api/v1/media?kind={kind}&state={state}")).await;
            list["files"].as_array().unwrap().first().cloned()
        })
        .await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = self.rig.http.request(method, self.rig.url(path));
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
        .send()
        .await
        .unwrap()
    }

    async fn link(&self, id: &str, seconds: u32) -> String {
        let asked = Some(json!({ "seconds": seconds }));
        let answer = self.ask(Method::POST, &format!("/api/v1/media/{id}/link"), asked).await;
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["url"].as_str().unwrap().to_owned()
    }

    fn turn(&self, by: SignedDuration) {
        *self.ahead.lock().unwrap() = by;
    }
}

fn fetch_all() -> Policy {
    Policy { fetch: true, ..Policy::default() }
}

fn id(file: &Value) -> &str {
    file["id"].as_str().unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_gives_the_whole_file_or_any_part_of_it_to_who_has_it() {
    for encrypt in [false, true] {
        let library = Library::new(fetch_all(), encrypt).await;
        let file = library.file("recording", "here").await;
        let url = library.link(id(&file), 60).await;
        // As from a browser elsewhere, through a proxy: the link itself is the permission.
        let through = library.rig.http.get(library.rig.url(&url)).header("x-forwarded-for", "203.0.113.9");
        let whole = through.send().await.unwrap();
        assert_eq!(whole.status(), 200);
        assert_eq!(header(&whole, "content-type"), "audio/mpeg");
        assert_eq!(header(&whole, "accept-ranges"), "bytes");
        assert_eq!(header(&whole, "x-content-type-options"), "nosniff");
        assert_eq!(header(&whole, "cache-control"), "private, no-store");
        assert!(header(&whole, "content-security-policy").contains("sandbox"));
        let disposition = header(&whole, "content-disposition").to_owned();
        assert!(disposition.starts_with("inline; filename=\"recording-"), "{disposition}");
        assert!(disposition.ends_with(".mp3\""), "{disposition}");
        let tag = header(&whole, "etag").to_owned();
        let bytes = whole.bytes().await.unwrap();
        assert_eq!(bytes.len(), usize::try_from(file["bytes"].as_u64().unwrap()).unwrap());
        let last = bytes.len() - 1;
        for (range, part) in [
            ("bytes=0-0".to_owned(), 0..1),
            ("bytes=100-199".to_owned(), 100..200),
            ("bytes=-10".to_owned(), last - 9..last + 1),
            (format!("bytes={last}-"), last..last + 1),
        ] {
            let answer =
                library.rig.http.get(library.rig.url(&url)).header("range", &range).send().await.unwrap();
            assert_eq!(answer.status(), 206, "{range}");
            let place = format!("bytes {}-{}/{}", part.start, part.end - 1, bytes.len());
            assert_eq!(header(&answer, "content-range"), place);
            assert_eq!(answer.bytes().await.unwrap(), bytes.slice(part), "{range}");
        }
        let ask = |name: &'static str, value: String| {
            let request = library.rig.http.get(library.rig.url(&url)).header("range", "bytes=5-6");
            request.header(name, value).send()
        };
        assert_eq!(ask("if-range", tag).await.unwrap().status(), 206);
        assert_eq!(ask("if-range", "\"another\"".to_owned()).await.unwrap().status(), 200);
        let beyond = library.rig.http.get(library.rig.url(&url)).header("range", "bytes=9999999-");
        let beyond = beyond.send().await.unwrap();
        assert_eq!(beyond.status(), 416);
        assert_eq!(header(&beyond, "content-range"), format!("bytes */{}", bytes.len()));
        let head = library.rig.http.head(library.rig.url(&url)).send().await.unwrap();
        assert_eq!(
            (head.status().as_u16(), header(&head, "content-length")),
            (200, bytes.len().to_string().as_str())
        );
        assert!(head.bytes().await.unwrap().is_empty());
        let text = library.file("transcript", "here").await;
        let url = library.link(id(&text), 60).await;
        let text = library.rig.get(&url).await;
        assert!(header(&text, "content-disposition").starts_with("attachment"));
        assert!(text.json::<Value>().await.unwrap()["timeline"].is_array());
        drop(library.zoom);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_and_a_made_up_one_never_begins() {
    let library = Library::new(fetch_all(), false).await;
    let file = library.file("recording", "here").await;
    let url = library.link(id(&file), 60).await;
    assert_eq!(library.rig.get(&url).await.status(), 200);
    library.turn(SignedDuration::from_secs(61));
    assert_eq!(library.rig.get(&url).await.status(), 410);
    let (beginning, _) = url.split_at(url.len() - 2);
    for made_up in [format!("{beginning}00"), "/media/00".to_owned(), format!("/media/{}", id(&file))] {
        let answer = library.rig.get(&made_up).await;
        assert_eq!(answer.status(), 404, "{made_up}");
        assert_eq!(header(&answer, "content-type"), "application/problem+json");
    }
    for seconds in [0, 3601] {
        let path = format!("/api/v1/media/{}/link", id(&file));
        let answer = library.ask(Method::POST, &path, Some(json!({ "seconds": seconds }))).await;
        assert_eq!(answer.status(), 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_fetched_held_released_and_deleted_over_the_api() {
    let library = Library::new(Policy::default(), false).await;
    let file = library.file("recording", "skipped").await;
    let one = format!("/api/v1/media/{}", id(&file));
    let link = library.ask(Method::POST, &format!("{one}/link"), Some(json!({ "seconds": 5 }))).await;
    assert_eq!(link.status(), 409, "it is not here");
    let fetch = library.ask(Method::POST, &format!("{one}/fetch"), Some(json!({ "who": "anna" }))).await;
    assert_eq!(fetch.status(), 202);
    let file = library.file("recording", "here").await;
    let of_call =
        library.rig.json(&format!("/api/v1/media?call={}", file["call_id"].as_str().unwrap())).await;
    assert_eq!(of_call["files"].as_array().unwrap().len(), 2);
    let summary = library.rig.json("/api/v1/media/summary").await;
    assert_eq!((&summary["fetching"], &summary["blocked"]), (&json!(false), &Value::Null));

    let (hold, by) = (format!("{one}/hold"), json!({ "who": "anna", "reason": "case 7" }));
    let held: Value = library.ask(Method::PUT, &hold, Some(by)).await.json().await.unwrap();
    assert_eq!((&held["hold"]["who"], &held["hold"]["reason"]), (&json!("anna"), &json!("case 7")));
    let without = library.ask(Method::PUT, &hold, Some(json!({ "who": " ", "reason": "x" }))).await;
    assert_eq!(without.status(), 400);
    let purge = library.ask(Method::DELETE, &format!("{one}?reason=old"), None).await;
    assert_eq!(purge.status(), 409);
    assert!(purge.json::<Value>().await.unwrap()["detail"].as_str().unwrap().contains("case 7"));
    let held = library.rig.json("/api/v1/media?held=true").await;
    assert_eq!(held["files"].as_array().unwrap().len(), 1);
    library.ask(Method::DELETE, &format!("{one}/hold?who=anna"), None).await.error_for_status().unwrap();
    library
        .ask(Method::DELETE, &format!("{one}?reason=old&who=anna"), None)
        .await
        .error_for_status()
        .unwrap();
    let detail = library.rig.json(&one).await;
    assert_eq!((&detail["state"], &detail["why"]), (&json!("deleted"), &json!("old")));
    let receipts: Vec<&str> =
        detail["receipts"].as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert_eq!(receipts, ["asked", "fetched", "held", "released", "deleted"]);
    for (method, path, status) in [
        (Method::GET, "/api/v1/media/nothing".to_owned(), 404),
        (Method::GET, "/api/v1/media?kind=noise".to_owned(), 400),
        (Method::GET, "/api/v1/media?cursor=x".to_owned(), 400),
        (Method::DELETE, one.clone(), 400),
    ] {
        let answer = library.ask(method, &path, None).await;
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(header(&answer, "content-type"), "application/problem+json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_site_can_have_something_done() {
    let library = Library::new(Policy::default(), false).await;
    let file = library.file("recording", "skipped").await;
    // What a form or a script elsewhere can send without being asked for permission first.
    let url = library.rig.url(&format!("/api/v1/media/{}/fetch", id(&file)));
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let answer =
            library.rig.http.post(&url).header("content-type", kind).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), 400, "{kind}");
    }
    assert_eq!(library.file("recording", "skipped").await["tries"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_found_and_retention_runs_by_the_servers_clock() {
    let library = Library::new(Policy { retention_days: Some(30), ..fetch_all() }, false).await;
    let file = library.file("recording", "here").await;
    let verify = format!("/api/v1/media/{}/verify", id(&file));
    let verdict: Value = library.ask(Method::POST, &verify, Some(json!({}))).await.json().await.unwrap();
    assert_eq!(verdict["intact"], true);
    let name = format!("media/{}/{}.mp3", &id(&file)[..2], id(&file));
    let path = library.rig.directory.path().join(name);
    std::fs::write(&path, b"something else").unwrap();
    let verdict: Value = library.ask(Method::POST, &verify, Some(json!({}))).await.json().await.unwrap();
    assert_eq!(verdict["intact"], false);
    let recorded: Timestamp = file["recorded_at"].as_str().unwrap().parse().unwrap();
    let until: Timestamp = file["retain_until"].as_str().unwrap().parse().unwrap();
    assert_eq!(until.duration_since(recorded), SignedDuration::from_hours(24 * 30));
    library.turn(SignedDuration::from_hours(24 * 31));
    // Somebody asks for something, and the archive looks around.
    let again = format!("/api/v1/media/{}/fetch", id(&file));
    assert_eq!(library.ask(Method::POST, &again, Some(json!({}))).await.status(), 202);
    library.file("recording", "deleted").await;
    assert!(!path.exists());
}
