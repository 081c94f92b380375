//! Somebody signs in through their browser, and stays signed in: the grant is kept in `./tokens`, sealed.
//! `ZOOM_CLIENT_ID=… ZOOM_CLIENT_SECRET=… cargo run --example user_login 4000`; the app's redirect address must be
//! `http://127.0.0.1:4000/callback`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use zoom_phone::oauth::{App, Authorization, FileStore, Loopback, SignIn, TokenSource, seal::SealKey};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut app = App::new(std::env::var("ZOOM_CLIENT_ID")?, std::env::var("ZOOM_CLIENT_SECRET")?.into());
    if let Ok(emulator) = std::env::var("ZOOM_TOKEN_URL") {
        app.token_url = emulator.parse()?;
    }
    let store = FileStore::open("tokens", SealKey::from_file("tokens.key".as_ref())?)?;
    let tokens = TokenSource::grant(app.clone(), store, "me")?;
    let port = std::env::args().nth(1).unwrap_or("4000".to_owned()).parse()?;
    if tokens.stored().await?.is_none() {
        let (sign_in, loopback) = (SignIn::new(app)?, Loopback::bind(port).await?);
        let begun = sign_in.begin(&Authorization::new(loopback.redirect_uri()), now())?;
        println!("open {}", begun.url);
        let callback = loopback.wait(&begun.pending).await?;
        tokens.sign_in(&sign_in.finish(begun.pending, &callback, now()).await?).await?;
    }
    println!("signed in, with the scopes {}", tokens.token().await?.scopes().join(" "));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the edge of this program")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
