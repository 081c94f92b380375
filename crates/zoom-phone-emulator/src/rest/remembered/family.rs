//! Which addresses are lists, items and single documents, as the catalogue tells by their form.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use zoom_phone_types::catalogue::{Catalogue, Content, Method, Operation, Place, Schema};

/// Number Management shows the same things as Zoom Phone under addresses of its own.
const SAME: [(&str, &str); 4] = [
    ("/number_management/ported_numbers/", "/phone/ported_numbers/"),
    ("/number_management/sip_groups", "/phone/sip_groups"),
    ("/number_management/sms_campaigns", "/phone/sms_campaigns"),
    ("/number_management/peering_numbers", "/phone/peering/numbers"),
];

/// Where the world keeps what is at this address.
pub(super) fn canonical(address: &str) -> String {
    let same = SAME.iter().find_map(|(alias, canonical)| Some((canonical, address.strip_prefix(alias)?)));
    same.map_or_else(|| address.to_owned(), |(canonical, rest)| format!("{canonical}{rest}"))
}

/// What an operation is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject {
    /// Things that come and go.
    List(&'static Family),
    /// One of them.
    Item(&'static Family),
    /// A document that is always there, such as settings.
    Single,
}

/// A list of things.
#[derive(Debug, Default)]
pub(super) struct Family {
    /// Field of the list's answer with the rows, empty when the answer is the list itself, and the shape of a row.
    pub(super) rows: Option<(String, Arc<Schema>)>,
    /// The answer about one thing.
    item: Option<Arc<Schema>>,
    /// Shapes of the same thing under other addresses.
    also: Vec<Arc<Schema>>,
    /// Names that the id has in answers and bodies.
    pub(super) id_names: Vec<String>,
    /// Whether things are named by their phone number.
    pub(super) by_number: bool,
}

impl Family {
    /// Whether anybody can see what is in the list. What cannot be seen cannot be missing.
    pub(super) fn is_seen(&self) -> bool {
        self.rows.is_some() || self.item.is_some()
    }

    /// The shapes in which a thing of this family is shown.
    pub(super) fn shapes(&self) -> impl Iterator<Item = &Schema> {
        self.own_shapes().chain(&self.also).map(|shape| &**shape)
    }

    fn own_shapes(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.rows.iter().map(|(_, row)| row).chain(&self.item)
    }
}

/// What this operation is about.
pub(super) fn subject(operation: &Operation) -> Subject {
    let form = form(&operation.path);
    if let Some(family) = families().get(&form) {
        return Subject::List(family);
    }
    match form.strip_suffix("/{}").and_then(|list| families().get(list)) {
        Some(family) => Subject::Item(family),
        None => Subject::Single,
    }
}

/// The family of the list at this template.
pub(super) fn of_list(template: &str) -> Option<&'static Family> {
    families().get(&form(template))
}

/// Lists by the form of their address.
fn families() -> &'static HashMap<String, Family> {
    static FAMILIES: OnceLock<HashMap<String, Family>> = OnceLock::new();
    FAMILIES.get_or_init(|| {
        let mut families = HashMap::new();
        for operation in Catalogue::get().operations() {
            let form = form(&operation.path);
            if is_item(operation)
                && let Some(list) = form.strip_suffix("/{}")
            {
                let family: &mut Family = families.entry(list.to_owned()).or_default();
                if let Some(name) = operation.path_parameters().last() {
                    family.id_names.push(snake(name));
                }
                if let (Method::Get, Some(schema)) = (operation.method, json(operation)) {
                    family.item = Some(schema.clone());
                }
            }
        }
        for operation in Catalogue::get().operations().iter().filter(|it| it.method == Method::Get) {
            let Some(rows) = rows(operation) else { continue };
            let form = form(&operation.path);
            let created = |it: &Operation| it.method == Method::Post && self::form(&it.path) == form;
            let is_list = operation.paging.is_some()
                || families.contains_key(&form)
                || Catalogue::get().operations().iter().any(created);
            if is_list {
                families.entry(form).or_default().rows = Some(rows);
            }
        }
        for (form, family) in &mut families {
            let singular = form.rsplit('/').next().unwrap_or_default().trim_end_matches('s');
            family.id_names.push("id".to_owned());
            family.id_names.push(format!("{singular}_id"));
            if let Some((_, Schema::Object { properties })) = family.rows.as_ref().map(|(n, row)| (n, &**row))
            {
                let number = properties.iter().find(|it| it.name == "phone_number");
                family.by_number = number.is_some() && family.id_names.iter().any(|name| name == "number");
                if family.by_number {
                    family.id_names.push("phone_number".to_owned());
                }
                let known = properties.iter().any(|it| family.id_names.contains(&it.name));
                if !known && let Some(id) = properties.iter().find(|it| it.name.ends_with("_id")) {
                    family.id_names.push(id.name.clone());
                }
            }
            family.id_names.dedup();
        }
        let forms: Vec<_> = families.keys().cloned().collect();
        for other in forms {
            let own = canonical(&other);
            if own == other {
                continue;
            }
            let told = |form: &str| {
                let family: Option<&Family> = families.get(form);
                family.map(|it| (it.own_shapes().cloned().collect(), it.id_names.clone()))
            };
            let (of_own, of_other): (Option<(Vec<_>, _)>, Option<(Vec<_>, _)>) = (told(&own), told(&other));
            for (form, twin) in [(&own, of_other), (&other, of_own)] {
                if let (Some(family), Some((shapes, id_names))) = (families.get_mut(form), twin) {
                    family.also = shapes;
                    family.id_names.extend(id_names);
                }
            }
        }
        families
    })
}

/// An item's last parameter is an id, not a word of a vocabulary such as `holiday_hours`.
fn is_item(operation: &Operation) -> bool {
    let Some(last) = operation.path.rsplit('/').next().and_then(|it| it.strip_prefix('{')) else {
        return false;
    };
    let name = last.trim_end_matches('}');
    operation.parameters.iter().any(|parameter| {
        parameter.place == Place::Path
            && parameter.name == name
            && !name.to_lowercase().ends_with("type")
            && matches!(&*parameter.schema, Schema::Text { values, .. } if values.is_empty())
    })
}

/// The field of a list's answer that holds the rows; no name when the answer is the list.
fn rows(operation: &Operation) -> Option<(String, Arc<Schema>)> {
    let properties = match &**json(operation)? {
        Schema::Object { properties } => properties,
        Schema::Array { items, .. } => return Some((String::new(), items.clone())),
        _ => return None,
    };
    let named = |name: &str| properties.iter().find(|it| it.name == name);
    let property = match &operation.paging {
        Some(paging) => named(&paging.items),
        None => properties.iter().find(|it| {
            matches!(&*it.schema, Schema::Array { items, .. } if matches!(&**items, Schema::Object { .. }))
        }),
    }?;
    let Schema::Array { items, .. } = &*property.schema else { return None };
    Some((property.name.clone(), items.clone()))
}

fn json(operation: &Operation) -> Option<&Arc<Schema>> {
    match &operation.success()?.content {
        Content::Json(schema) => Some(schema),
        _ => None,
    }
}

/// A template without the names of its parameters, which differ between operations on the same thing.
fn form(template: &str) -> String {
    let segments = template.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// `user_id` of `userId`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject_of(id: &str) -> Subject {
        subject(Catalogue::get().operation(id).expect("documented"))
    }

    #[test]
    fn addresses_are_told_apart_by_their_form() {
        for id in ["listRoutingRule", "ListPhoneRoles", "addMembers", "deleteOutboundCallerNumbers"] {
            assert!(matches!(subject_of(id), Subject::List(family) if family.is_seen()), "{id}");
        }
        for id in ["getRoutingRule", "updateADevice", "DeletePhoneRole", "GetGCP"] {
            assert!(matches!(subject_of(id), Subject::Item(family) if family.is_seen()), "{id}");
        }
        for id in ["phoneSetting", "GetAccountPolicyDetails", "rebootPhoneDevice", "getSiteSettingForType"] {
            assert!(matches!(subject_of(id), Subject::Single), "{id}");
        }
    }
}
