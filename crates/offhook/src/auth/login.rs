//! `offhook auth login`.

use std::io::BufRead as _;

use anyhow::{Context as _, bail};
use tokio::sync::mpsc;
use tokio::time::Instant;
use zoom_phone::oauth::{Authorization, Begun, Grant, Loopback, Pending, SignIn};

use crate::{args::LoginArgs, clock, config::Config, open, output::note, zoom};

/// Signs somebody in and keeps their tokens.
pub(super) async fn run(args: LoginArgs, config: &Config) -> anyhow::Result<()> {
    let sign_in = SignIn::new(zoom::app(config)?)?;
    // Before anybody goes to Zoom: a folder that cannot be written to should not cost them a sign-in.
    let tokens = zoom::person(config)?;
    let grant = if args.device { device(&sign_in).await? } else { browser(&sign_in, args, config).await? };
    tokens.sign_in(&grant).await.context("you are signed in at Zoom, but the tokens could not be kept")?;
    note("Signed in.");
    Ok(())
}

async fn device(sign_in: &SignIn) -> anyhow::Result<Grant> {
    let code = sign_in.device().await?;
    let minutes = code.left(Instant::now()).as_secs().div_ceil(60);
    note(&format!(
        "On any device, open {} and enter {} within {minutes} minutes",
        code.verification_uri(),
        code.user_code()
    ));
    if let Some(complete) = code.verification_uri_complete() {
        note(&format!("or open {complete}"));
    }
    Ok(sign_in.wait(code).await?)
}

async fn browser(sign_in: &SignIn, args: LoginArgs, config: &Config) -> anyhow::Result<Grant> {
    let redirect = zoom::need(config, "zoom.redirect_uri", "ZOOM_REDIRECT_URI")?;
    let loopback = match Loopback::at(&redirect).await {
        Some(Ok(loopback)) => Some(loopback),
        Some(Err(error)) => {
            note(&format!("Nothing can listen on {redirect} ({error}): another program may be there."));
            None
        }
        None => None,
    };
    let ask = Authorization { scopes: args.scopes, ..Authorization::new(redirect) };
    let Begun { url, pending } = sign_in.begin(&ask, clock::now())?;
    note(&format!("To sign in, open\n\n  {url}\n"));
    if !args.no_browser
        && let Err(problem) = open::open(url.as_str()).await
    {
        note(&format!("No browser was opened: {problem}."));
    }
    if loopback.is_none() {
        note("Zoom then sends you to a page that may not load. Paste its address here:");
    }
    let left = pending.expires_at().duration_since(clock::now());
    let callback = tokio::time::timeout(left.unsigned_abs(), back(loopback.as_ref(), &pending)).await;
    let callback = callback.context("nobody came back from Zoom in time; start again")??;
    Ok(sign_in.finish(pending, &callback, clock::now()).await?)
}

/// The way back: by the browser, or pasted in.
async fn back(loopback: Option<&Loopback>, pending: &Pending) -> anyhow::Result<String> {
    let mut lines = lines();
    let Some(loopback) = loopback else {
        while let Some(line) = lines.recv().await {
            if pending.is_of(&line) {
                return Ok(line);
            }
            note("That is not the address of this sign-in; it has `code` and `state` in it. Once more:");
        }
        bail!("no address was pasted in; start again");
    };
    let pasted = async {
        while let Some(line) = lines.recv().await {
            if pending.is_of(&line) {
                return line;
            }
        }
        // Nobody types here: the browser it is.
        std::future::pending().await
    };
    tokio::select! {
        query = loopback.wait(pending) => query.context("could not wait for the browser"),
        line = pasted => Ok(line),
    }
}

/// Lines of standard input, on a thread that ends with the program: reading cannot be called off.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (to, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && to.send(line.trim().to_owned()).is_err() {
                return;
            }
        }
    });
    lines
}
