//! `offhook api`: every operation of Zoom Phone, from the catalogue.

pub(crate) mod complete;
mod describe;
mod fields;
mod find;
mod replaced;
mod request;
mod send;

use std::path::Path;
use std::process::ExitCode;

use zoom_phone::quota::Priority;
use zoom_phone::types::catalogue::Method;

pub(crate) use self::find::distance;
use self::request::{Input, Target};
use crate::{
    args::RestArgs,
    config::Config,
    exit::{self, Usage},
    output::{Output, note},
    zoom,
};

/// Lists, describes or calls.
pub(crate) async fn run(args: RestArgs, config: Option<&Path>, out: Output) -> anyhow::Result<ExitCode> {
    if args.list {
        describe::list(&find::list(args.tag.as_deref(), args.search.as_deref()), out);
        return Ok(ExitCode::SUCCESS);
    }
    let target = Target::of(args.operation.as_deref().unwrap_or_default(), args.raw)?;
    if args.describe {
        let operation = target.operation();
        let operation =
            operation.ok_or_else(|| Usage("only operations of the catalogue can be described".to_owned()))?;
        describe::describe(operation, out);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(operation) = target.operation() {
        send::fits(operation, &target, &args)?;
        if operation.deprecated {
            note(&format!(
                "warning: Zoom has deprecated {}; see --describe for what to use instead",
                operation.id
            ));
        }
    }
    let input = Input::read(&args)?;
    let mut config = Config::load(config)?;
    args.store.override_in(&mut config);
    config.usable(&["zoom.", "data."])?;
    let client = zoom::client(&config).await?;
    let bare = input.is_nothing();
    let call = request::call(&client, &target, &args, input)?;
    if target.method() != Method::Get {
        // What is wrong is said before anybody is asked.
        call.check().map_err(send::legible)?;
        if !send::confirmed(&target, bare, &args)? {
            note("Nothing was sent.");
            return Ok(ExitCode::from(exit::FAILED));
        }
    }
    match &args.download {
        Some(path) => send::file(call, path, args.force).await,
        None if args.all_pages => send::pages(call, out).await,
        // Somebody waits for this one answer; a whole list goes with the work that follows events.
        None => send::one(call.priority(Priority::Person), &target, out).await,
    }
}
