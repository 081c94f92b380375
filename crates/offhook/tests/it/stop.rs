//! Being told to stop.

use tempfile::TempDir;

use crate::rig::{Serving, complaint, ringing, run};

#[tokio::test]
async fn term_finishes_what_is_under_way_and_ends_well() {
    let directory = TempDir::new().unwrap();
    let server = Serving::start(&directory).await;
    for n in 0..50 {
        assert_eq!(server.post(&ringing(&n.to_string())).await, Some(204));
    }
    let mut stream = server.http.get(format!("{}/api/v1/live", server.base)).send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    let status = server.terminate().await;
    assert_eq!(status.code(), Some(0));
    while let Ok(Some(_)) = stream.chunk().await {}
    let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains("Offhook has stopped; everything received is stored"), "{log}");

    let server = Serving::start(&directory).await;
    server.folded().await;
    assert_eq!(server.inbox().await.len(), 50);
    assert_eq!(server.get("/api/v1/calls?limit=500").await["calls"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let directory = TempDir::new().unwrap();
    let _server = Serving::start(&directory).await;
    for args in [&["serve", "--port", "0"][..], &["rebuild"]] {
        let second = run(directory.path(), args);
        assert_eq!(second.status.code(), Some(1));
        assert!(complaint(&second).contains("in use by another Offhook"), "{}", complaint(&second));
    }
}
