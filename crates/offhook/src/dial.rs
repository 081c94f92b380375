//! `offhook dial` and `offhook sms`.

use std::process::ExitCode;

use serde_json::json;
use zoom_phone::{
    launch::{Action, LaunchError, LaunchUri, Platform, Scheme, Way, ways},
    number::{Dialable, NumberError, Region},
};

use crate::{
    args::{CallScheme, DialArgs, SmsArgs},
    exit::{self, Usage},
    open::{self, Unopened},
    output::{Output, note},
};

/// Where this program runs.
const HERE: Platform = if cfg!(target_os = "macos") { Platform::MacOs } else { Platform::Linux };

/// Starts a call.
pub(crate) async fn dial(args: DialArgs, out: Output) -> anyhow::Result<ExitCode> {
    let scheme = match args.scheme {
        CallScheme::Zoomphonecall => Scheme::ZoomPhoneCall,
        CallScheme::Tel => Scheme::Tel,
        CallScheme::Callto => Scheme::Callto,
    };
    let region = region(&args.region)?;
    let target = Dialable::to_call(&args.number.join(" "), Some(region))
        .map_err(|error| number("the number", error))?;
    let uri = address(scheme, target, args.caller_id.as_deref(), region)?;
    launch(&uri, args.print, out).await
}

/// Begins a text message.
pub(crate) async fn sms(args: SmsArgs, out: Output) -> anyhow::Result<ExitCode> {
    let region = region(&args.region)?;
    let target = Dialable::to_text(&args.number.join(" "), Some(region))
        .map_err(|error| number("the number", error))?;
    let uri = address(Scheme::ZoomPhoneSms, target, args.caller_id.as_deref(), region)?;
    launch(&uri, args.print, out).await
}

fn region(code: &str) -> Result<Region, Usage> {
    Region::new(code)
        .ok_or_else(|| Usage(format!("there is no country `{code}`; give two letters, such as US or DE")))
}

fn address(
    scheme: Scheme,
    target: Dialable,
    caller_id: Option<&str>,
    region: Region,
) -> Result<LaunchUri, Usage> {
    let uri = LaunchUri::new(scheme, target).map_err(refused)?;
    let Some(caller_id) = caller_id else { return Ok(uri) };
    let from = Dialable::to_call(caller_id, Some(region)).map_err(|error| number("--caller-id", error))?;
    uri.caller_id(from).map_err(refused)
}

fn number(what: &str, error: NumberError) -> Usage {
    Usage(format!("{what} cannot be used: {error}"))
}

fn refused(error: LaunchError) -> Usage {
    match std::error::Error::source(&error) {
        Some(cause) => Usage(format!("{error}: {cause}")),
        None => Usage(error.to_string()),
    }
}

async fn launch(uri: &LaunchUri, print: bool, out: Output) -> anyhow::Result<ExitCode> {
    let target = uri.target().dialled().unwrap_or_default();
    if matches!(uri.target(), Dialable::Emergency(_)) {
        note(&format!(
            "{target} is an emergency number. It goes to Zoom unchanged and at once, but whether Zoom's app is there \
             to dial it is not known here: if it does not ring, dial {target} on any telephone."
        ));
    }
    let opened = if print { Ok(false) } else { open::open(&uri.to_string()).await.map(|()| true) };
    if out.json {
        let problem = opened.as_ref().err().map(ToString::to_string);
        let opened = matches!(opened, Ok(true));
        out.print_json(
            &json!({ "uri": uri.to_string(), "scheme": uri.scheme().as_str(), "target": target, "opened": opened,
                "problem": problem }),
            false,
        );
    } else {
        match &opened {
            Ok(true) => note(&format!(
                "Handed to {}: {uri}",
                if uri.scheme().takes_caller_id() { "Zoom" } else { "this machine's telephone program" }
            )),
            Ok(false) => out.print(&uri.to_string()),
            Err(problem) => {
                out.print(&uri.to_string());
                note(&format!("Not opened: {problem}. {}", instead(uri, target, problem)));
            }
        }
    }
    Ok(ExitCode::from(if opened.is_ok() { 0 } else { exit::FAILED }))
}

/// What else there is to try, by the support table.
fn instead(uri: &LaunchUri, target: &str, problem: &Unopened) -> String {
    let verb = if uri.scheme().action() == Action::Call { "call" } else { "text" };
    let mut others = Vec::new();
    if *problem == Unopened::Program {
        others.extend(ways(HERE, uri.scheme().action()).into_iter().filter_map(|way| match way {
            Way::Open(scheme) if scheme != uri.scheme() => {
                Some(format!("try --scheme {}, ", scheme.as_str()))
            }
            Way::Open(_) | Way::CopyNumber => None,
        }));
    }
    format!(
        "Open the address where Zoom's app is signed in, {}or {verb} {target} in Zoom by hand.",
        others.concat()
    )
}
