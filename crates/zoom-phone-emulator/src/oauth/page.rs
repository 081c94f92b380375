//! What a person sees in the browser.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;

use crate::emulator::Shared;
use crate::world::{Doc, at};

const STYLE: &str = "
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3d424c); --dim: light-dark(#565d6b, #a9b0bd);
  --accent: light-dark(#0b5cff, #5b93ff); --on-accent: light-dark(#fff, #06122b); --wrong: light-dark(#b3261e, #ff8a80); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#f3f5f8, #14161a); color: light-dark(#1a1d23, #eceef2); }
main { width: min(32rem, 100%); padding: 2rem; border: 1px solid var(--line); border-radius: .75rem;
  background: light-dark(#fff, #1d2026); }
h1 { margin: 0 0 .5rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; color: var(--dim); overflow-wrap: anywhere; }
label { display: block; }
select, input[type=text] { display: block; width: 100%; margin: .25rem 0 1.25rem; padding: .6rem .7rem; font: inherit;
  border: 1px solid var(--line); border-radius: .5rem; background: transparent; color: inherit; }
option { background: light-dark(#fff, #1d2026); }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .25rem; }
ul { max-height: 13rem; margin: 0; padding: .6rem .8rem; overflow-y: auto; list-style: none;
  border: 1px solid var(--line); border-radius: .5rem; font: .8125rem/1.7 ui-monospace, monospace; overflow-wrap: anywhere; }
li label { display: flex; gap: .5rem; align-items: baseline; }
.answer { display: flex; gap: .75rem; flex-wrap: wrap; }
button { flex: 1 1 8rem; padding: .65rem 1rem; font: inherit; font-weight: 600; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: inherit; }
button.yes { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wrong { color: var(--wrong); }
small { display: block; margin-top: 1.25rem; color: var(--dim); }
";

/// Nothing but the page itself, and that in no frame: nobody is to press its buttons unknowingly.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// A page. `title` is text, `body` HTML.
pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
        <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
        <style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}\
        <small>This is the Zoom Phone emulator. Nothing here reaches Zoom.</small></main></body></html>"
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (status, headers, Html(html)).into_response()
}

/// Text for use inside HTML and its quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A list of the company's people to choose from.
pub(super) fn user_choice(shared: &Shared) -> String {
    let options: String = shared.state.world(|world| {
        let option = |(id, user): (&str, &Doc)| {
            let field = |name: &str| escape(user.get(name).and_then(Value::as_str).unwrap_or_default());
            format!("<option value=\"{}\">{} ({})</option>", escape(id), field("name"), field("email"))
        };
        world.children(at::USERS).into_iter().map(option).collect()
    });
    format!("<label for=user>Sign in as</label><select id=user name=user>{options}</select>")
}

/// What an app asks for and the user cannot refuse one by one.
pub(super) fn scope_list<'a>(scopes: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<_> = scopes.map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    match items.len() {
        0 => String::new(),
        count => format!(
            "<fieldset><legend>It asks for {count} scope{}</legend><ul tabindex=0 aria-label=Scopes>{}</ul></fieldset>",
            if count == 1 { "" } else { "s" },
            items.concat(),
        ),
    }
}

/// What the user may leave out.
pub(super) fn scope_choice<'a>(scopes: impl Iterator<Item = &'a str>) -> String {
    let item = |scope: &str| {
        let scope = escape(scope);
        format!(
            "<li><label><input type=checkbox name=optional value=\"{scope}\" checked>{scope}</label></li>"
        )
    };
    let items: String = scopes.map(item).collect();
    if items.is_empty() {
        return items;
    }
    format!(
        "<fieldset><legend>You may leave out</legend><ul aria-label=\"Optional scopes\">{items}</ul></fieldset>"
    )
}

/// The two buttons of a question.
pub(super) const ANSWERS: &str = "<div class=answer><button class=yes name=decision value=approve>Allow</button>\
    <button name=decision value=deny>Decline</button></div>";
