//! Who may ask what, over real sockets.

use offhook_server::{ServeError, Server, ServerConfig};
use offhook_store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::rig::{Rig, SECRET};

const GUARDED: &[&str] = &[
    "/",
    "/calls",
    "/metrics",
    "/api/openapi.json",
    "/api/v1/live",
    "/api/v1/live/snapshot",
    "/api/v1/calls",
    "/api/v1/calls/1",
    "/api/v1/calls/1/events",
    "/api/v1/search?q=1",
    "/api/v1/events",
    "/api/v1/export/calls",
    "/api/v1/imports",
    "/nothing",
];

#[tokio::test]
async fn a_page_elsewhere_that_rebinds_its_name_or_a_proxy_gets_nothing() {
    let rig = Rig::new().await;
    for path in GUARDED {
        for headers in [
            "host: evil.example",
            "host: evil.example:8080",
            "host: 127.0.0.1.evil.example",
            "host: localhost\r\nx-forwarded-for: 203.0.113.9",
            "host: localhost\r\nforwarded: for=203.0.113.9",
            "host: localhost\r\nvia: 1.1 somewhere",
        ] {
            let answer =
                rig.raw(&format!("GET {path} HTTP/1.1\r\n{headers}\r\nconnection: close\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{path} with {headers}: {answer}");
            assert!(answer.contains("application/problem+json"), "{path}: {answer}");
        }
        let absolute =
            format!("GET http://evil.example{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        assert!(rig.raw(&absolute).await.starts_with("HTTP/1.1 403 "), "{path} as an absolute address");
        let without = rig.raw(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(without.starts_with("HTTP/1.0 403 "), "{path} without a host: {without}");
    }
}

#[tokio::test]
async fn zooms_webhook_and_the_health_checks_are_for_anyone() {
    let rig = Rig::new().await;
    let through = "host: hooks.example.com\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close";
    for (path, status) in [("/healthz", 200), ("/readyz", 200)] {
        let answer = rig.raw(&format!("GET {path} HTTP/1.1\r\n{through}\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    let answer =
        rig.raw(&format!("POST /zoom/webhook HTTP/1.1\r\n{through}\r\ncontent-length: 2\r\n\r\n{{}}")).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "the signature decides, not the address: {answer}");
    assert_eq!(rig.post(SECRET, 0, b"{}").await.status(), 204);
}

#[tokio::test]
async fn the_network_is_not_listened_to() {
    let directory = tempfile::TempDir::new().unwrap();
    let config = ServerConfig {
        secrets: offhook_server::Secrets::default(),
        tolerance: zoom_phone::webhook::Tolerance::default(),
        accounts: std::collections::BTreeSet::default(),
        sync: Vec::new(),
        media: None,
        channels: Vec::new(),
        clock: offhook_server::Clock::default(),
    };
    let stop = CancellationToken::new();
    let store = Store::open(directory.path()).unwrap();
    let server = Server::start(config, store, stop.clone()).await.unwrap();
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = server.run(listener).await.unwrap_err();
    assert!(matches!(refused, ServeError::NotLoopback(_)), "{refused}");
    assert!(refused.to_string().contains("no sign-in yet"));
    assert!(stop.is_cancelled(), "the background work ends as well");
}
