//! Operations, and the types of their bodies and responses, as nodes of a graph.

use crate::codegen::names::{singular, snake};
use std::collections::BTreeSet;

/// All operations, objects, vocabularies and choices.
#[derive(Default)]
pub(super) struct Model {
    pub(super) operations: Vec<Operation>,
    pub(super) objects: Vec<Object>,
    pub(super) vocabularies: Vec<Vocabulary>,
    pub(super) choices: Vec<Choice>,
}

/// One operation, as far as builders need it.
#[derive(Default)]
pub(super) struct Operation {
    /// In the catalogue.
    pub(super) name: String,
    pub(super) id: String,
    pub(super) group: String,
    pub(super) method: String,
    pub(super) verb: String,
    pub(super) path: String,
    pub(super) deprecated: bool,
    pub(super) rate: Option<String>,
    pub(super) page_size_max: Option<u64>,
    pub(super) scopes: Vec<String>,
    pub(super) host: Option<String>,
    /// Those in the path first, in its order.
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) response: Response,
    /// The list that pages, and the kind of its items.
    pub(super) items: Option<Kind>,
}

pub(super) struct Parameter {
    pub(super) wire: String,
    pub(super) in_path: bool,
    pub(super) required: bool,
    pub(super) kind: Kind,
    pub(super) notes: String,
}

pub(super) enum Body {
    Json(Kind),
    /// Names of the parts, and whether each is a file.
    Multipart(Vec<(String, bool)>),
}

#[derive(Default)]
pub(super) enum Response {
    #[default]
    Empty,
    File,
    Json(Kind),
}

impl Operation {
    /// Every kind it names.
    pub(super) fn kinds_mut(&mut self, mut act: impl FnMut(&mut Kind)) {
        self.parameters.iter_mut().for_each(|it| act(&mut it.kind));
        if let Some(Body::Json(kind)) = &mut self.body {
            act(kind);
        }
        if let Response::Json(kind) = &mut self.response {
            act(kind);
        }
        self.items.iter_mut().for_each(act);
    }
}

/// The type of a value; structs, vocabularies and choices by index.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    Any,
    Bool,
    Int,
    Float,
    Text,
    Time,
    Vocabulary(usize),
    Struct(usize),
    List(Box<Kind>),
    Choice(usize),
}

impl Kind {
    /// Itself, or the items of the innermost list.
    pub(super) fn innermost(&self) -> &Kind {
        match self {
            Kind::List(items) => items.innermost(),
            other => other,
        }
    }
}

pub(super) struct Object {
    pub(super) fields: Vec<Field>,
    pub(super) sites: Vec<Site>,
    /// The name it must have.
    pub(super) hint: Option<String>,
}

#[derive(Clone)]
pub(super) struct Field {
    pub(super) wire: String,
    pub(super) kind: Kind,
    /// Facts from the schema, each place its own.
    pub(super) notes: BTreeSet<String>,
    /// The sibling that selects the form of a choice.
    pub(super) by: Option<String>,
}

/// Where an object, a vocabulary or a choice is.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) operation: usize,
    /// The object that has it as a field; `None` at the root.
    pub(super) owner: Option<usize>,
    /// The field or parameter; empty at the root.
    pub(super) field: String,
    pub(super) request: bool,
    /// Objects above it.
    pub(super) depth: usize,
    /// It is an item of a list.
    pub(super) list: bool,
}

pub(super) struct Vocabulary {
    pub(super) values: Vec<String>,
    pub(super) sites: Vec<Site>,
    /// The one it has become a part of.
    pub(super) same_as: Option<usize>,
}

impl Site {
    /// What the field is called, in snake case; of a list, one item.
    pub(super) fn noun(&self) -> String {
        let field = snake(&self.field);
        if self.list { singular(&field) } else { field }
    }
}

impl Vocabulary {
    /// Takes in the values and sites of another one.
    pub(super) fn add(&mut self, values: Vec<String>, sites: Vec<Site>) {
        self.sites.extend(sites);
        for value in values {
            if !self.values.contains(&value) {
                self.values.push(value);
            }
        }
    }
}

/// A value of several forms.
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) select: Select,
    pub(super) forms: Vec<Form>,
    pub(super) bare: Vec<String>,
    pub(super) refused: Vec<String>,
    pub(super) sites: Vec<Site>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Select {
    /// The value of a field beside it.
    Sibling(String),
    /// The value of one of its own fields.
    Own(String),
    /// The property that is there.
    Property,
}

pub(super) struct Form {
    /// Value of the selecting field, or the property.
    pub(super) value: String,
    /// What it is at each site; one kind once that is united.
    pub(super) kinds: Vec<Kind>,
}
