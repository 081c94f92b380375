//! `offhook emulator`: running it, and talking to one that runs.

mod ask;
mod run;
mod show;

use std::fs;

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Map, Value, json};
use zoom_phone_emulator::{FaultKind, FaultPlan};

use self::ask::Control;
use crate::args::emulator::{
    ClockArgs, EmulatorArgs, EmulatorCommand, EmulatorEvents, FaultArgs, FaultsCommand, SnapshotCommand,
    TriggerArgs,
};
use crate::exit::Usage;
use crate::output::{Output, note};

/// Runs it, or does what is asked of one that runs.
pub(crate) async fn run(args: EmulatorArgs, out: Output) -> anyhow::Result<()> {
    match args.command {
        None => run::run(args.run).await,
        Some(EmulatorCommand::Trigger(args)) => trigger(args, out).await,
        Some(EmulatorCommand::Events(events)) => self::events(events, out).await,
        Some(EmulatorCommand::Clock(args)) => clock(args, out).await,
        Some(EmulatorCommand::Faults(faults)) => self::faults(faults, out).await,
        Some(EmulatorCommand::Ledger(args)) => {
            let control = Control::new(&args.emulator)?;
            let path: &[&str] = if args.totals { &["ledger", "totals"] } else { &["ledger"] };
            let answer = control.ask(Method::GET, path, &[], None).await?;
            if out.json || args.totals {
                out.print_json(&answer, false);
            } else {
                show::ledger(&answer, out);
            }
            Ok(())
        }
        Some(EmulatorCommand::Snapshot(snapshot)) => self::snapshot(snapshot, out).await,
        Some(EmulatorCommand::Health(which)) => {
            let answer = Control::new(&which)?.ask(Method::GET, &["health"], &[], None).await?;
            if out.json {
                out.print_json(&answer, false);
            } else {
                out.print(answer["status"].as_str().unwrap_or("unknown"));
            }
            Ok(())
        }
    }
}

async fn trigger(args: TriggerArgs, out: Output) -> anyhow::Result<()> {
    let control = Control::new(&args.emulator)?;
    let Some(scenario) = args.scenario else {
        let answer = control.ask(Method::GET, &["scenarios"], &[], None).await?;
        if out.json {
            out.print_json(&answer, false);
        } else {
            show::scenarios(&answer, out);
        }
        return Ok(());
    };
    let body: Map<String, Value> =
        args.params.into_iter().map(|(name, text)| parameter(name, &text)).collect::<Result<_, _>>()?;
    let answer = control.ask(Method::POST, &["scenarios", &scenario], &[], Some(Value::Object(body))).await?;
    if out.json {
        out.print_json(&answer, false);
    } else {
        let call = &answer["call"];
        out.print(&format!(
            "{} calls {}, call_id {}",
            show::party(&call["caller"]),
            show::party(&call["callee"]),
            call["call_id"].as_str().unwrap_or("unknown"),
        ));
        note("The clock decides when it is over: offhook emulator clock --advance 1h");
    }
    Ok(())
}

/// Lengths are numbers, `answered` is true or false, all else is text.
fn parameter(name: String, text: &str) -> Result<(String, Value), Usage> {
    let wrong = |what: &str| Usage(format!("{name}={text}: give {what}"));
    let value = if name.ends_with("_seconds") {
        json!(text.parse::<u32>().map_err(|_| wrong("whole seconds"))?)
    } else if name == "answered" {
        json!(text.parse::<bool>().map_err(|_| wrong("true or false"))?)
    } else {
        json!(text)
    };
    Ok((name, value))
}

async fn events(command: EmulatorEvents, out: Output) -> anyhow::Result<()> {
    match command {
        EmulatorEvents::List(args) => {
            let query = [
                ("limit", Some(args.limit.to_string())),
                ("after", args.after.map(|id| id.to_string())),
                ("event", args.event),
            ];
            let query: Vec<_> = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let control = Control::new(&args.emulator)?;
            let answer = control.ask(Method::GET, &["events", "log"], &query, None).await?;
            if out.json {
                out.print_json(&answer, false);
            } else {
                show::events(&answer, out);
            }
        }
        EmulatorEvents::Show(args) => {
            let control = Control::new(&args.emulator)?;
            let id = args.id.to_string();
            let event = control.ask(Method::GET, &["events", "log", &id], &[], None).await?;
            if out.json {
                out.print_json(&event, false);
            } else {
                show::event(&event, out);
            }
        }
        EmulatorEvents::Resend(args) => {
            let control = Control::new(&args.emulator)?;
            let query: Vec<_> = args.subscription.map(|id| ("subscription", id)).into_iter().collect();
            let id = args.id.to_string();
            let answer = control.ask(Method::POST, &["events", "log", &id, "resend"], &query, None).await?;
            if out.json {
                out.print_json(&answer, false);
            } else {
                let to: Vec<_> = show::rows(&answer["subscriptions"]).filter_map(Value::as_str).collect();
                out.print(&format!("sent again to {}", to.join(", ")));
            }
        }
    }
    Ok(())
}

async fn clock(args: ClockArgs, out: Output) -> anyhow::Result<()> {
    let turn = match (args.advance, args.to, args.speed) {
        (Some(advance), ..) => Some(json!({ "advance": advance })),
        (_, Some(to), _) => Some(json!({ "to": to.to_string() })),
        (.., Some(speed)) => Some(json!({ "speed": speed })),
        _ if args.pause || args.resume => Some(json!({ "pause": args.pause })),
        _ => None,
    };
    let control = Control::new(&args.emulator)?;
    let method = if turn.is_some() { Method::POST } else { Method::GET };
    let answer = control.ask(method, &["clock"], &[], turn).await?;
    if out.json {
        out.print_json(&answer, false);
    } else {
        let now = answer["now"].as_str().unwrap_or("unknown");
        let speed = answer["speed"].as_f64().unwrap_or_default();
        let pace = if speed > 0.0 { format!("{speed}x") } else { "stands still".to_owned() };
        out.print(&format!("{now}, {pace}"));
    }
    Ok(())
}

async fn faults(command: FaultsCommand, out: Output) -> anyhow::Result<()> {
    let answer = match command {
        FaultsCommand::Kinds => {
            if out.json {
                out.print_json(&json!({ "kinds": FaultKind::ALL }), false);
            } else {
                show::kinds(out);
            }
            return Ok(());
        }
        FaultsCommand::List(which) => Control::new(&which)?.ask(Method::GET, &["faults"], &[], None).await?,
        FaultsCommand::Clear(which) => {
            Control::new(&which)?.ask(Method::DELETE, &["faults"], &[], None).await?
        }
        FaultsCommand::Add(args) => {
            let control = Control::new(&args.emulator)?;
            let mut answer = Value::Null;
            for fault in wanted(args)? {
                answer = control.ask(Method::POST, &["faults"], &[], Some(fault)).await?;
            }
            answer
        }
    };
    if out.json {
        out.print_json(&answer, false);
    } else {
        show::faults(&answer, out);
    }
    Ok(())
}

/// The faults of a file, or the one of the command line.
fn wanted(args: FaultArgs) -> anyhow::Result<Vec<Value>> {
    let Some(fault) = args.fault else {
        let Some(file) = args.file else { return Ok(Vec::new()) };
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let plan = FaultPlan::parse(&text).with_context(|| file.display().to_string())?;
        return Ok(plan.faults.iter().map(|fault| json!(fault)).collect());
    };
    let Some(kind) = FaultKind::ALL.iter().find(|kind| kind.fault == fault) else {
        return Err(
            Usage(format!("there is no fault {fault:?}; offhook emulator faults kinds lists them")).into()
        );
    };
    let mut body = Map::from_iter([("fault".to_owned(), json!(fault))]);
    for (name, text) in args.fields {
        let wrong = |what: &str| Usage(format!("{name}={text}: give {what}"));
        let own = kind.fields.iter().find(|field| field.name == name).map(|field| field.kind);
        let value = match (own, name.as_str()) {
            (Some("number"), _) | (None, "times") => {
                json!(text.parse::<i64>().map_err(|_| wrong("a whole number"))?)
            }
            (None, "probability") => json!(text.parse::<f64>().map_err(|_| wrong("a number up to 1"))?),
            (Some("switch"), _) => json!(text.parse::<bool>().map_err(|_| wrong("true or false"))?),
            _ => json!(text),
        };
        body.insert(name, value);
    }
    Ok(vec![Value::Object(body)])
}

async fn snapshot(command: SnapshotCommand, out: Output) -> anyhow::Result<()> {
    let told = match command {
        SnapshotCommand::Save(args) => {
            let snapshot = Control::new(&args.emulator)?.ask(Method::GET, &["snapshot"], &[], None).await?;
            fs::write(&args.file, snapshot.to_string())
                .with_context(|| format!("cannot write {}", args.file.display()))?;
            json!({ "saved": args.file, "now": snapshot["now"] })
        }
        SnapshotCommand::Restore(args) => {
            let snapshot = run::snapshot(&args.file)?;
            Control::new(&args.emulator)?.ask(Method::PUT, &["snapshot"], &[], Some(snapshot)).await?
        }
    };
    if out.json {
        out.print_json(&told, false);
    } else {
        out.print(&format!("done; the company's time is {}", told["now"].as_str().unwrap_or("unknown")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_faults_are_of_the_kind_that_the_fault_says() {
        let fault = |kind: &str, fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            let emulator = crate::args::emulator::WhichEmulator { url: "http://127.0.0.1".parse().unwrap() };
            wanted(FaultArgs { fault: Some(kind.to_owned()), fields, file: None, emulator })
        };
        assert_eq!(
            fault("status", &[("status", "503"), ("retry_after", "30"), ("times", "2")]).unwrap(),
            [json!({ "fault": "status", "status": 503, "retry_after": "30", "times": 2 })]
        );
        assert_eq!(
            fault("not_ready", &[("answer", "404"), ("probability", "0.5")]).unwrap(),
            [json!({ "fault": "not_ready", "answer": "404", "probability": 0.5 })]
        );
        assert!(fault("status", &[("status", "often")]).unwrap_err().to_string().contains("whole number"));
        assert!(fault("storm", &[]).unwrap_err().to_string().contains("faults kinds"));
    }

    #[test]
    fn parameters_of_calls_are_text_but_for_lengths_and_answered() {
        let of = |name: &str, text: &str| parameter(name.to_owned(), text);
        assert_eq!(of("to", "1001").unwrap().1, json!("1001"));
        assert_eq!(of("talk_seconds", "90").unwrap().1, json!(90));
        assert_eq!(of("answered", "false").unwrap().1, json!(false));
        assert!(of("talk_seconds", "long").is_err() && of("answered", "maybe").is_err());
    }
}
