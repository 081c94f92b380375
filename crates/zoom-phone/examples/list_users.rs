//! Lists the account's Zoom Phone users: `ZOOM_CLIENT_ID=… ZOOM_CLIENT_SECRET=… ZOOM_ACCOUNT_ID=… cargo run --example list_users`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use futures::TryStreamExt as _;
use zoom_phone::client::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let mut users = client.users().list().pages().items();
    while let Some(user) = users.try_next().await? {
        println!("{} {}", user.extension_number.unwrap_or_default(), user.name.unwrap_or_default());
    }
    Ok(())
}
