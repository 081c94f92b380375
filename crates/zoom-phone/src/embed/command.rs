//! What the iframe may be told.

use super::{ContactMatch, ContactSearch};
use crate::number::{Dialable, NumberError, PhoneNumber};
use serde::Serialize;
use serde_json::{Map, Value};

/// A message to the iframe: one of the five that Zoom documents, in its documented form. Send it once the iframe is
/// ready, to [`Origin::as_str`](super::Origin::as_str) and never to `*`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "data")]
#[non_exhaustive]
pub enum Command {
    /// Says what the page wants to do for the widget, once it is ready.
    #[serde(rename = "zp-init-config")]
    InitConfig(InitConfig),
    /// Calls a number, or puts it on the dial pad. No answer but the call's ringing.
    #[serde(rename = "zp-make-call")]
    MakeCall(MakeCall),
    /// Opens a message to a number; a person writes and sends it.
    #[serde(rename = "zp-input-sms")]
    InputSms(InputSms),
    /// Answers a [`ContactSearch`].
    #[serde(rename = "zp-contact-search-response")]
    ContactSearchResponse(SearchResponse),
    /// Answers a [`ContactMatch`].
    #[serde(rename = "zp-contact-match-response")]
    ContactMatchResponse(MatchResponse),
}

/// Why a command cannot be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The number cannot be dialled so.
    #[error("the number cannot be given to Smart Embed")]
    Number(#[from] NumberError),
    /// Only numbers and short codes can be texted.
    #[error("only a telephone number or a short code can be texted")]
    NotTextable,
    /// A field of the notes page without a name, or two of one name.
    #[error("each field of the notes page needs a name of its own")]
    FieldName,
    /// A field to choose from with nothing to choose, or a choice without label or value.
    #[error("a field to choose from needs options, each with a label and a value")]
    Options,
}

impl Command {
    /// `type` on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InitConfig(_) => "zp-init-config",
            Self::MakeCall(_) => "zp-make-call",
            Self::InputSms(_) => "zp-input-sms",
            Self::ContactSearchResponse(_) => "zp-contact-search-response",
            Self::ContactMatchResponse(_) => "zp-contact-match-response",
        }
    }

    /// Opens a message to a number.
    pub fn text(to: &Dialable) -> Result<Self, CommandError> {
        match to {
            Dialable::Extension(_) | Dialable::Service(_) => Err(CommandError::NotTextable),
            _ => Ok(Self::InputSms(InputSms { number: to.dialled()?.to_owned() })),
        }
    }

    /// Answers a search with the contacts found, none if there are none; a search always wants an answer. `None` if it
    /// has no request id to answer to.
    pub fn answer_search(search: &ContactSearch, contacts: Vec<FoundContact>) -> Option<Self> {
        let response_id = search.request_id.clone()?;
        Some(Self::ContactSearchResponse(SearchResponse { response_id, contacts }))
    }

    /// Answers a match: `find` is asked for each number, spelled as in the request. Numbers it does not know are left
    /// out. `None` if the request has no id to answer to.
    pub fn answer_match(
        request: &ContactMatch,
        mut find: impl FnMut(&str) -> Option<MatchedContact>,
    ) -> Option<Self> {
        let response_id = request.request_id.clone()?;
        let numbers = request.phone_numbers.iter().flatten();
        let found = numbers.filter_map(|number| {
            let MatchedContact { id, name } = find(number.as_str())?;
            let contact = Map::from_iter([("id".to_owned(), id.into()), ("name".to_owned(), name.into())]);
            Some((number.as_str().to_owned(), Value::from(contact)))
        });
        Some(Self::ContactMatchResponse(MatchResponse { response_id, contacts: found.collect() }))
    }
}

impl From<InitConfig> for Command {
    fn from(config: InitConfig) -> Self {
        Self::InitConfig(config)
    }
}

impl From<MakeCall> for Command {
    fn from(call: MakeCall) -> Self {
        Self::MakeCall(call)
    }
}

/// What the page wants to do for the widget. Everything is off by default, and said to be off.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "Zoom's switches, one by one")]
pub struct InitConfig {
    /// Offers "Save Log" on each call of the history.
    pub enable_saving_log: bool,
    /// Lets the user switch automatic logging on.
    pub enable_auto_log: bool,
    /// The page will answer searches for contacts.
    pub enable_contact_searching: bool,
    /// The page will answer which contact a number is.
    pub enable_contact_matching: bool,
    /// Summaries of calls are sent. Undocumented but for its name.
    #[serde(rename = "enableAISummary")]
    pub enable_ai_summary: bool,
    /// Only the tab that was last active hears of calls.
    pub disable_inactive_tab_call_event: bool,
    /// The notes page, shown if it has fields.
    #[serde(rename = "notePageConfiguration", skip_serializing_if = "NotePage::is_empty")]
    pub notes: NotePage,
}

/// The notes page of the widget: fields in their order. An array on the wire, though Zoom's guide calls it text.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct NotePage(Vec<NoteField>);

impl NotePage {
    /// A page with these fields.
    pub fn new(fields: Vec<NoteField>) -> Result<Self, CommandError> {
        for (at, field) in fields.iter().enumerate() {
            let name = field.name();
            if name.trim().is_empty() || fields.iter().take(at).any(|earlier| earlier.name() == name) {
                return Err(CommandError::FieldName);
            }
            if let NoteField::Select { options, .. } = field
                && (options.is_empty() || options.iter().any(SelectOption::is_blank))
            {
                return Err(CommandError::Options);
            }
        }
        Ok(Self(fields))
    }

    /// Whether there is no field on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A field of the notes page.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "fieldType", rename_all = "lowercase")]
pub enum NoteField {
    /// To write in.
    Text {
        /// Label, and name of the field in what is saved.
        #[serde(rename = "fieldName")]
        name: String,
        /// Shown while it is empty.
        #[serde(skip_serializing_if = "Option::is_none")]
        placeholder: Option<String>,
    },
    /// To choose from.
    Select {
        /// Label, and name of the field in what is saved.
        #[serde(rename = "fieldName")]
        name: String,
        /// Shown while nothing is chosen.
        #[serde(skip_serializing_if = "Option::is_none")]
        placeholder: Option<String>,
        /// What there is to choose.
        #[serde(rename = "selectOptions")]
        options: Vec<SelectOption>,
    },
}

impl NoteField {
    fn name(&self) -> &str {
        match self {
            Self::Text { name, .. } | Self::Select { name, .. } => name,
        }
    }
}

/// Something to choose on the notes page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectOption {
    /// What the user reads.
    pub label: String,
    /// What is saved.
    pub value: String,
}

impl SelectOption {
    fn is_blank(&self) -> bool {
        self.label.trim().is_empty() || self.value.trim().is_empty()
    }
}

/// Calls a number.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MakeCall {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_id: Option<String>,
    auto_dial: bool,
}

impl MakeCall {
    /// Calls at once.
    pub fn new(to: &Dialable) -> Result<Self, CommandError> {
        Ok(Self { number: to.dialled()?.to_owned(), caller_id: None, auto_dial: true })
    }

    /// Calls from this number of the user's. Give one if there is one: optional in Zoom's guide, but calls without it
    /// are said to fail since March 2026.
    pub fn caller_id(mut self, from: &PhoneNumber) -> Result<Self, CommandError> {
        if from.extension().is_some() {
            return Err(NumberError::Extension.into());
        }
        self.caller_id = Some(from.e164().to_owned());
        Ok(self)
    }

    /// Puts the number on the dial pad, for the user to call.
    #[must_use]
    pub fn only_fill_in(mut self) -> Self {
        self.auto_dial = false;
        self
    }
}

/// Opens a message to a number; made by [`Command::text`].
#[derive(Clone, PartialEq, Serialize)]
pub struct InputSms {
    number: String,
}

/// A contact found by a search. Somebody with two numbers is two of them.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundContact {
    number: String,
    display_name: String,
}

impl FoundContact {
    /// A number and whose it is.
    pub fn new(number: &Dialable, display_name: impl Into<String>) -> Result<Self, CommandError> {
        Ok(Self { number: number.dialled()?.to_owned(), display_name: display_name.into() })
    }
}

/// Whose a number is.
#[derive(Clone, PartialEq)]
pub struct MatchedContact {
    /// The page's own id of the contact.
    pub id: String,
    /// The name to show.
    pub name: String,
}

/// Answers a search; made by [`Command::answer_search`].
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResponse {
    response_id: String,
    contacts: Vec<FoundContact>,
}

/// Answers a match; made by [`Command::answer_match`].
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchResponse {
    response_id: String,
    // An object, and an empty one if nobody was found.
    contacts: Map<String, Value>,
}

/// Personal data stays out of `Debug`: only the name of the type.
macro_rules! silent {
    ($($name:ident),*) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )* };
}
silent!(MakeCall, InputSms, FoundContact, MatchedContact, SearchResponse, MatchResponse);
