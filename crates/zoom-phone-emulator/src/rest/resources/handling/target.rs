//! The extension that a request is about, and the hours.

use zoom_phone_types::catalogue::Method;

use super::super::common;
use super::{Ask, Extension, HourType, Refusal, World, always_open, company_hours, missing};
use crate::world::at;

/// An extension that exists.
pub(super) struct Target {
    /// Where its document is.
    pub(super) address: String,
    pub(super) kind: Extension,
}

impl Target {
    /// The extension in the path of the request, `{kind}/{id}/…`.
    pub(super) fn of(ask: &Ask<'_>, world: &World) -> Result<Self, Refusal> {
        let mut steps = ask.operation.path.split('/').skip(2);
        let list = format!("/phone/{}", steps.next().unwrap_or_default());
        let parameter = steps.next().unwrap_or_default().trim_matches(['{', '}']);
        let id = ask.path(parameter);
        let mut address = format!("{list}/{id}");
        let part = steps.next().unwrap_or_default();
        // These take the extension's id, too.
        let also_by_extension = match list.as_str() {
            at::USERS => part == "profile_settings",
            at::COMMON_AREAS => {
                part == "settings" && matches!(ask.operation.method.as_str(), "POST" | "DELETE")
            }
            _ => false,
        };
        if world.get(&address).is_none() && also_by_extension {
            address = world.extension(id).filter(|found| found.starts_with(&list)).unwrap_or(address);
        }
        match Extension::at(&address).filter(|_| world.get(&address).is_some()) {
            Some(kind) => Ok(Self { address, kind }),
            None => Err(absent(ask, &list, part, id)),
        }
    }

    /// The id in the account: the last step of the address.
    pub(super) fn id(&self) -> &str {
        self.address.rsplit('/').next().unwrap_or_default()
    }

    /// The extension's `extension_id`.
    pub(super) fn extension_id<'a>(&self, world: &'a World) -> &'a str {
        let id = world.get(&self.address).and_then(|doc| doc.get("extension_id"));
        id.and_then(|id| id.as_str()).unwrap_or_default()
    }

    /// The hours that a request names; a holiday or break must exist.
    pub(super) fn hours(
        &self,
        world: &World,
        name: &str,
        holiday: Option<&str>,
        pause: Option<&str>,
    ) -> Result<HourType, Refusal> {
        match name {
            "business_hours" => Ok(HourType::Business),
            "closed_hours" => Ok(HourType::Closed),
            "holiday_hours" => {
                let id = holiday.unwrap_or_default();
                let known = company_hours::holidays(world, &self.address);
                if known.iter().any(|&(known, _)| known == id) {
                    Ok(HourType::Holiday(id.to_owned()))
                } else {
                    Err(no_holiday(id))
                }
            }
            "break_hours" => {
                let id = pause.unwrap_or_default();
                match world.get(&format!("{}/settings/break_hours/{id}", self.address)) {
                    Some(_) => Ok(HourType::Break(id.to_owned())),
                    None => Err(no_break(id)),
                }
            }
            other => Err(Refusal::field("hour_type", format!("there are no {other}"))),
        }
    }

    /// The same for a write, which closed and break hours refuse while the extension is open at all times.
    pub(super) fn hours_to_write(
        &self,
        world: &World,
        name: &str,
        holiday: Option<&str>,
        pause: Option<&str>,
    ) -> Result<HourType, Refusal> {
        self.refuse_when_always_open(world, name)?;
        self.hours(world, name, holiday, pause)
    }

    /// 15104 for hours that an extension without closed hours does not have.
    pub(super) fn refuse_when_always_open(&self, world: &World, hours: &str) -> Result<(), Refusal> {
        let depends = matches!(hours, "closed_hours" | "break_hours");
        if depends && !company_hours::is_custom(&company_hours::weekly(world, &self.address)) {
            return Err(always_open(hours));
        }
        Ok(())
    }
}

/// 400 with code 15102.
pub(super) fn no_holiday(id: &str) -> Refusal {
    Refusal::bad(15102, format!("Holiday hour does not exist: {id}."))
}

/// 400 with code 15101.
pub(super) fn no_break(id: &str) -> Refusal {
    Refusal::bad(15101, format!("Break hour does not exist: {id}."))
}

/// Each kind says it in its own way, and not the same way everywhere.
fn absent(ask: &Ask<'_>, list: &str, part: &str, id: &str) -> Refusal {
    let kind = match list {
        at::USERS => "User",
        at::RECEPTIONISTS => "Auto Receptionist",
        at::QUEUES => "Call Queue",
        at::SHARED_LINE_GROUPS => "Shared line group",
        _ => "Common area",
    };
    let message = format!("{kind} does not exist: {id}.");
    let of_type = ask.operation.path.ends_with("/{policyType}");
    let documented = match (list, part, ask.operation.method) {
        (at::USERS, "settings" | "policies", _) => missing(1001, message),
        (at::RECEPTIONISTS, "ivr", _) => Refusal::bad(400, message),
        (at::RECEPTIONISTS, "policies", _) => Refusal::invalid(message),
        (at::SHARED_LINE_GROUPS, "policies", Method::Patch) if !of_type => Refusal::invalid(message),
        (at::SHARED_LINE_GROUPS, "policies", Method::Get | Method::Delete)
        | (at::COMMON_AREAS, "settings", _) => Refusal::bad(404, message),
        (at::QUEUES, "policies", _) if of_type => {
            missing(13000, format!("The Call Queue does not exist, callQueueId:{id}."))
        }
        _ => Refusal::absent(message),
    };
    match list {
        at::QUEUES | at::SHARED_LINE_GROUPS => common::gone(ask, documented),
        _ => documented,
    }
}
