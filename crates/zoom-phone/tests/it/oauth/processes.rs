//! Several processes, and one that is killed: this test binary is started again as a child, with a task in its
//! environment.

use std::path::Path;
use std::process::Stdio;

use futures::future::{BoxFuture, join_all};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use zoom_phone::oauth::seal::SealKey;
use zoom_phone::oauth::{
    App, AuthError, FileStore, Grant, GrantState, Locked, StoreError, TokenSource, TokenStore,
};

use super::text;
use super::zoom::{Trick, Zoom};

const TASK: &str = "ZOOM_PHONE_TEST_TASK";
const TOKEN_URL: &str = "ZOOM_PHONE_TEST_TOKEN_URL";
const DIRECTORY: &str = "ZOOM_PHONE_TEST_DIRECTORY";
const KEY: &str = "anna";

fn store(directory: &Path) -> FileStore {
    FileStore::open(directory, SealKey::from_text(&"07".repeat(32).into()).unwrap()).unwrap()
}

fn source(app: App, directory: &Path) -> TokenSource {
    TokenSource::grant(app, store(directory), KEY).unwrap()
}

/// Somebody has signed in, and the access token has ended since.
async fn expired(zoom: &Zoom, directory: &Path) {
    zoom.expires_in([0]);
    store(directory).lock(KEY).await.unwrap().save(&zoom.sign_in().await).await.unwrap();
}

/// A child process, and the lines it says.
fn start(
    task: &str,
    zoom: &Zoom,
    directory: &Path,
    shell: Option<&str>,
) -> (Child, Lines<BufReader<ChildStdout>>) {
    let this = std::env::current_exe().unwrap();
    let mut command = match shell {
        Some(before) => {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{before}; exec \"$0\" \"$@\"")]).arg(this);
            command
        }
        None => Command::new(this),
    };
    let mut child = command
        .args(["--exact", "oauth::processes::a_child_does_its_task", "--nocapture"])
        .env(TASK, task)
        .env(TOKEN_URL, zoom.url.as_str())
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, said)
}

/// What comes after this word.
async fn hears(said: &mut Lines<BufReader<ChildStdout>>, word: &str) -> String {
    while let Some(line) = said.next_line().await.unwrap() {
        if let Some((_, rest)) = line.split_once(word) {
            return rest.to_owned();
        }
    }
    panic!("the child ended without saying {word}");
}

/// Only a task in the environment makes a child of this test; the tests below start it.
#[tokio::test]
async fn a_child_does_its_task() {
    let Ok(task) = std::env::var(TASK) else { return };
    let directory = std::env::var(DIRECTORY).unwrap();
    let app = App {
        token_url: std::env::var(TOKEN_URL).unwrap().parse().unwrap(),
        ..App::new("synthetic-client", super::zoom::SECRET.into())
    };
    let files = store(directory.as_ref());
    match task.as_str() {
        "token" => match TokenSource::grant(app, files, KEY).unwrap().token().await {
            Ok(token) => println!("token: {}", text(&token)),
            Err(error) => println!("error: {error:?}"),
        },
        "die before the new pair is kept" => {
            let _ = TokenSource::grant(app, Frozen(files), KEY).unwrap().token().await;
        }
        "save" => {
            let grant = files.load(KEY).await.unwrap().unwrap();
            let saved = files.lock(KEY).await.unwrap().save(&grant).await;
            println!("saved: {saved:?}");
        }
        other => panic!("no such task: {other}"),
    }
}

/// Never keeps a new pair; says that it is asked to, and waits for its end.
struct Frozen(FileStore);

struct FrozenLock(Box<dyn Locked>);

impl TokenStore for Frozen {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Grant>, StoreError>> {
        self.0.load(key)
    }

    fn lock<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Locked>, StoreError>> {
        Box::pin(async move { Ok(Box::new(FrozenLock(self.0.lock(key).await?)) as Box<dyn Locked>) })
    }
}

impl Locked for FrozenLock {
    fn load(&mut self) -> BoxFuture<'_, Result<Option<Grant>, StoreError>> {
        self.0.load()
    }

    fn save<'a>(&'a mut self, grant: &'a Grant) -> BoxFuture<'a, Result<(), StoreError>> {
        if grant.state() == GrantState::Live {
            println!("frozen: ");
            return Box::pin(std::future::pending());
        }
        self.0.save(grant)
    }

    fn remove(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.remove()
    }
}

#[tokio::test]
async fn processes_that_share_a_file_store_make_one_refresh() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    expired(&zoom, directory.path()).await;
    let children = (0..6).map(|_| {
        let (child, mut said) = start("token", &zoom, directory.path(), None);
        async move {
            let _child = child;
            hears(&mut said, "token: ").await
        }
    });
    for token in join_all(children).await {
        assert_eq!(token, "access-2");
    }
    assert_eq!(zoom.refreshes(), ["refresh-1"]);
}

/// A process has the answer of a refresh, and is killed before it can keep it.
async fn killed(zoom: &Zoom, directory: &Path) {
    expired(zoom, directory).await;
    let (mut child, mut said) = start("die before the new pair is kept", zoom, directory, None);
    hears(&mut said, "frozen: ").await;
    child.kill().await.unwrap();
    let grant = store(directory).load(KEY).await.unwrap().unwrap();
    assert!(matches!(grant.state(), GrantState::Unknown { .. }), "the note was on disk");
    assert_eq!(zoom.refreshes(), ["refresh-1"]);
}

#[tokio::test]
async fn after_a_kill_before_the_store_the_old_refresh_token_is_tried_once_more() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    zoom.allow_grace();
    killed(&zoom, directory.path()).await;
    assert_eq!(text(&source(zoom.app(), directory.path()).token().await.unwrap()), "access-3");
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-1"]);
}

#[tokio::test]
async fn after_a_kill_that_lost_the_tokens_everybody_is_told_to_sign_in_and_zoom_is_left_alone() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    killed(&zoom, directory.path()).await;
    for _ in 0..3 {
        let error = source(zoom.app(), directory.path()).token().await.unwrap_err();
        assert!(matches!(error, AuthError::SignInAgain { answer_lost: true, .. }), "{error:?}");
    }
    assert_eq!(zoom.refreshes(), ["refresh-1", "refresh-1"]);
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_asks_holds_nobody_up() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    expired(&zoom, directory.path()).await;
    zoom.trick(Trick::Hold);
    let (mut child, _said) = start("token", &zoom, directory.path(), None);
    zoom.holds().await;
    child.kill().await.unwrap();
    // The request was never carried out, so the old refresh token is good.
    assert_eq!(text(&source(zoom.app(), directory.path()).token().await.unwrap()), "access-2");
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_is_named_and_what_was_kept_stays() {
    let (zoom, directory) = (Zoom::start().await, tempfile::tempdir().unwrap());
    expired(&zoom, directory.path()).await;
    let limited = Some("trap '' XFSZ; ulimit -f 0");
    let (_child, mut said) = start("save", &zoom, directory.path(), limited);
    let saved = hears(&mut said, "saved: ").await;
    assert!(saved.starts_with("Err(Full"), "{saved}");
    assert!(store(directory.path()).load(KEY).await.unwrap().is_some());
}
