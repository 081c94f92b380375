//! What a log may not hold.

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zoom_phone_emulator::Config;

use crate::rig::{ACCOUNT, SECRET, Serving, eventually, offhook, ringing};

#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_no_secret_no_token_and_no_telephone_number() {
    let directory = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let zoom = format!("http://{}", listener.local_addr().unwrap());
    let mut command = offhook(directory.path());
    command.args(["serve", "--port", "0"]).envs([
        ("ZOOM_WEBHOOK_SECRET", SECRET),
        ("ZOOM_ACCOUNT_ID", ACCOUNT),
        ("ZOOM_CLIENT_ID", "demo_client_id_000000A"),
        ("ZOOM_CLIENT_SECRET", "demo_client_secret"),
        ("OFFHOOK_SYNC_EVERY_SECONDS", "1"),
        ("OFFHOOK_ZOOM_API_URL", &format!("{zoom}/v2")),
        ("OFFHOOK_ZOOM_OAUTH_URL", &format!("{zoom}/oauth/token")),
    ]);
    let server = Serving::spawn(&directory, command).await;
    let url = format!("{}/zoom/webhook", server.base).parse().unwrap();
    let config = Config { seed: 3, speed: 200.0, calls_per_minute: 30.0, ..Config::default() };
    let config = config.with_webhook(url, SECRET);
    let stop = CancellationToken::new();
    let playing = tokio::spawn(zoom_phone_emulator::serve(config, listener, stop.clone()));
    // A few mistakes as well, for they are what gets logged.
    let mut unknown = ringing("1");
    unknown["event"] = "phone.invented".into();
    unknown["payload"]["account_id"] = "another account".into();
    assert_eq!(server.post(&unknown).await, Some(204));
    let forged = server.http.post(format!("{}/zoom/webhook", server.base)).body(ringing("2").to_string());
    assert_eq!(forged.send().await.unwrap().status(), 401);
    eventually("a good many calls are over", || async {
        let ended = server.get("/api/v1/calls?state=ended&limit=500").await;
        (ended["calls"].as_array().unwrap().len() >= 20).then_some(())
    })
    .await;
    stop.cancel();
    playing.await.unwrap().unwrap();
    assert!(server.terminate().await.success());

    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains("a webhook was not stored") && log.contains("another account"), "{log}");
    for secret in [SECRET, "demo_client_secret", "emu_", "Bearer", "Basic ", "next_page_token"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    for line in log.lines() {
        for (place, _) in line.match_indices('+') {
            let digits = line[place + 1..].bytes().take_while(u8::is_ascii_digit).count();
            assert!(digits < 7, "a telephone number in {line}");
        }
    }
}
