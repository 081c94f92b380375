//! No secret shows itself.

use std::fmt::Write as _;

use secrecy::SecretString;
use zoom_phone::oauth::seal::SealKey;
use zoom_phone::oauth::{
    App, Authorization, FileStore, MemoryStore, ServerToServer, SignIn, TokenSource, TokenStore,
};

use super::zoom::{CODE, SECRET, Trick, Zoom, at};

#[tokio::test]
async fn no_public_type_and_no_error_prints_a_secret() {
    let zoom = Zoom::start().await;
    let mut printed = String::new();
    let mut print = |value: &dyn std::fmt::Debug| writeln!(printed, "{value:?} {value:#?}").unwrap();
    let key = "5e".repeat(32);

    let app = zoom.app();
    print(&app);
    print(&App { client_secret: None, ..app.clone() });
    print(&ServerToServer {
        client_id: "id".to_owned(),
        client_secret: SECRET.into(),
        account_id: "account".to_owned(),
        token_url: zoom.url.clone(),
    });
    let sign_in = SignIn::new(app.clone()).unwrap();
    print(&sign_in);
    let begun = sign_in.begin(&Authorization::new("https://x.test/back"), at(0)).unwrap();
    let state = begun.url.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    print(&begun);
    print(&begun.pending);
    let verifier = serde_json::to_value(&begun.pending).unwrap()["verifier"].as_str().unwrap().to_owned();
    let grant = zoom.sign_in().await;
    print(&grant);

    let seal_key = SealKey::from_text(&SecretString::from(key.clone())).unwrap();
    print(&seal_key);
    let directory = tempfile::tempdir().unwrap();
    let files = FileStore::open(directory.path(), seal_key).unwrap();
    print(&files);
    let memory = MemoryStore::default();
    memory.lock("anna").await.unwrap().save(&grant).await.unwrap();
    print(&memory);
    let tokens = TokenSource::grant(app, memory, "anna").unwrap();
    print(&tokens.token().await.unwrap());
    print(&tokens);

    // Errors, of refusals that repeat what they were sent.
    zoom.trick(Trick::Say(
        400,
        r#"{"reason":"bad the-authorization-code of synthetic-client-secret","error":"invalid_request"}"#,
    ));
    let error =
        sign_in.finish(begun.pending, &format!("code={CODE}&state={state}"), at(1)).await.unwrap_err();
    print(&error);
    let token = tokens.token().await.unwrap();
    tokens.invalidate(&token).await;
    zoom.trick(Trick::LoseAnswer);
    let error = tokens.token().await.unwrap_err();
    print(&error);
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        print(&error.to_string());
        cause = error.source();
    }

    for secret in [SECRET, CODE, "access-1", "refresh-1", &state, &verifier, &key] {
        assert!(!printed.contains(secret), "{secret} is in:\n{printed}");
    }
    assert!(printed.contains("synthetic-client") && printed.contains("bad … of …"), "something was printed");
}

#[tokio::test]
async fn on_disk_there_is_nothing_to_read() {
    let zoom = Zoom::start().await;
    let directory = tempfile::tempdir().unwrap();
    let files =
        FileStore::open(directory.path(), SealKey::from_text(&"5e".repeat(32).into()).unwrap()).unwrap();
    files.lock("anna").await.unwrap().save(&zoom.sign_in().await).await.unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in ["access-1", "refresh-1", "phone:read", "anna"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
        seen += bytes.len();
    }
    assert!(seen > 100, "the grant is there");
}
