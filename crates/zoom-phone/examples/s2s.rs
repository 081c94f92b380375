//! A server-to-server app gets a token: `ZOOM_CLIENT_ID=… ZOOM_CLIENT_SECRET=… ZOOM_ACCOUNT_ID=… cargo run --example s2s`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use zoom_phone::oauth::{ServerToServer, TokenSource};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tokens = TokenSource::server_to_server(ServerToServer {
        client_id: std::env::var("ZOOM_CLIENT_ID")?,
        client_secret: std::env::var("ZOOM_CLIENT_SECRET")?.into(),
        account_id: std::env::var("ZOOM_ACCOUNT_ID")?,
        token_url: std::env::var("ZOOM_TOKEN_URL")
            .map_or_else(|_| Ok(ServerToServer::zoom_token_url()), |url| url.parse())?,
    })?;
    let token = tokens.token().await?;
    println!("a token until {}, with the scopes {}", token.expires_at(), token.scopes().join(" "));
    Ok(())
}
