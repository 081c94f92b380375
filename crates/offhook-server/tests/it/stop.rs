//! Stopping, and starting again.

use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use zoom_phone_emulator::Scenario;

use crate::rig::{Rig, SECRET, Setup, call, call_id};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_stop_is_there_after_it_and_becomes_calls() {
    let rig = Rig::new().await;
    let calls: Vec<_> = (0..20).map(|seed| call(seed, Scenario::QueueAnswered)).collect();
    let mut told = 0;
    for event in calls.iter().flatten() {
        rig.tell(event).await;
        told += 1;
    }
    // At once, with folding behind.
    let directory = rig.stop().await;
    let rig = Rig::with(Setup { directory, ..Setup::default() }).await;
    rig.folded().await;
    assert_eq!(rig.inbox().await.len(), told);
    for events in &calls {
        let call = rig.json(&format!("/api/v1/calls/{}", call_id(&events[0]))).await;
        assert_eq!(call["state"], "ended");
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_does_not_keep_the_server_from_stopping() {
    let rig = Rig::new().await;
    let mut half = TcpStream::connect(rig.address).await.unwrap();
    half.write_all(b"GET /api/v1/calls HTTP/1.1\r\nhost: loc").await.unwrap();
    let mut slow = TcpStream::connect(rig.address).await.unwrap();
    slow.write_all(b"POST /zoom/webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    assert_eq!(rig.post(SECRET, 0, b"{}").await.status(), 204);
    rig.stop().await;
}
