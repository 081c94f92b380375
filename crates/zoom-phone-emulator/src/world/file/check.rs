//! Whether a company file makes sense: what it refers to exists, and its numbers are possible.

use std::collections::BTreeSet;

use super::{CompanyFile, CompanyFileError, Hours, Spread};
use crate::scenario::Scenario;

/// Seconds that Zoom has for the `max_wait_time` of a queue.
const WAITS: [u32; 20] =
    [10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 120, 180, 240, 300, 600, 900, 1200, 1500, 1800];
/// Seconds that Zoom has for its `wrap_up_time`.
const REST: [u32; 15] = [0, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 120, 180, 240];

impl CompanyFile {
    /// Departments, sites and names that are referred to exist; names are unique; numbers make sense.
    pub(crate) fn check(&self) -> Result<(), CompanyFileError> {
        let Some(_) = self.sites.first() else {
            return Err(unfit("site", "there is none; a company has at least one [[site]]"));
        };
        let mut names = BTreeSet::new();
        for (kind, name) in self.names() {
            if !names.insert(name.clone()) {
                return Err(unfit(format!("{kind} {name:?}"), "the name is taken; names are unique"));
            }
        }
        for site in &self.sites {
            let place = || format!("site {:?}", site.name);
            if jiff::tz::TimeZone::get(&site.timezone).is_err() {
                let complaint = format!("there is no time zone {:?}; try America/New_York", site.timezone);
                return Err(unfit(place() + ", timezone", complaint));
            }
            if !self.receptionists.iter().any(|it| it.name == site.receptionist) {
                return Err(unknown(place() + ", receptionist", "receptionist", &site.receptionist));
            }
        }
        self.check_references(&names)?;
        self.check_extensions()?;
        self.check_traffic()
    }

    fn check_references(&self, names: &BTreeSet<String>) -> Result<(), CompanyFileError> {
        let of_site = self.located().into_iter().filter_map(|(place, site)| Some((place, site?)));
        for (place, site) in of_site {
            if !self.sites.iter().any(|it| it.name == *site) {
                return Err(unknown(place + ", site", "site", site));
            }
        }
        for queue in &self.queues {
            let place = |field: &str| format!("queue {:?}, {field}", queue.name);
            for department in &queue.departments {
                let of_users = self.users.iter().filter_map(|it| it.department.as_ref());
                if !self.departments.iter().map(|it| &it.name).chain(of_users).any(|it| it == department) {
                    return Err(unknown(place("departments"), "department", department));
                }
            }
            let people = queue.people.iter().map(|name| ("people", name));
            let others = queue.manager.iter().map(|name| ("manager", name));
            let overflow = queue.overflow.iter().map(|name| ("overflow", name));
            for (field, name) in people.chain(others).chain(overflow) {
                if !names.contains(name) {
                    return Err(unknown(place(field), "extension", name));
                }
            }
            check_hours(queue.hours.as_ref(), &place("hours"))?;
        }
        for receptionist in &self.receptionists {
            let place = |field: &str| format!("receptionist {:?}, {field}", receptionist.name);
            for (key, name) in &receptionist.menu {
                if !matches!(key.as_bytes(), [b'0'..=b'9' | b'*' | b'#']) {
                    return Err(unfit(place("menu"), format!("{key:?} is no key; use 0 to 9, * or #")));
                }
                if !names.contains(name) {
                    return Err(unknown(place("menu"), "extension", name));
                }
            }
            for name in receptionist.forward_to.iter().chain(&receptionist.closed_forward_to) {
                if !names.contains(name) {
                    return Err(unknown(place("forward_to"), "extension", name));
                }
            }
            for holiday in &receptionist.holidays {
                if holiday.date.parse::<jiff::civil::Date>().is_err() {
                    let complaint = format!("{:?} is no date; write 2027-01-01", holiday.date);
                    return Err(unfit(place("holidays"), complaint));
                }
            }
            check_hours(receptionist.hours.as_ref(), &place("hours"))?;
        }
        for group in &self.shared_line_groups {
            for name in group.people.iter().chain(&group.common_areas) {
                if !names.contains(name) {
                    let place = format!("shared_line_group {:?}", group.name);
                    return Err(unknown(place, "extension", name));
                }
            }
        }
        Ok(())
    }

    /// Extension numbers that the file gives are different and of 3 to 6 digits; seconds are some that Zoom has.
    fn check_extensions(&self) -> Result<(), CompanyFileError> {
        let mut given = Vec::new();
        let mut add = |kind: &str, name: &str, extension: Option<u32>, copies: usize| {
            let place = format!("{kind} {name:?}");
            given.extend(
                extension.into_iter().flat_map(|first| (first..).take(copies)).map(|it| (place.clone(), it)),
            );
        };
        self.users.iter().for_each(|it| add("user", &it.name, it.extension, 1));
        self.queues.iter().for_each(|it| add("queue", &it.name, it.extension, it.copies));
        self.receptionists.iter().for_each(|it| add("receptionist", &it.name, it.extension, 1));
        self.shared_line_groups.iter().for_each(|it| add("shared_line_group", &it.name, it.extension, 1));
        self.common_areas.iter().for_each(|it| add("common_area", &it.name, it.extension, it.copies));
        self.rooms.iter().for_each(|it| add("room", &it.name, it.extension, it.copies));
        let mut taken = BTreeSet::new();
        for (place, extension) in given {
            if !(100..1_000_000).contains(&extension) {
                return Err(unfit(place, format!("{extension} is no extension number; use 3 to 6 digits")));
            }
            if !taken.insert(extension) {
                return Err(unfit(place, format!("the extension number {extension} is taken")));
            }
        }
        for queue in &self.queues {
            let place = |field: &str| format!("queue {:?}, {field}", queue.name);
            for (field, seconds, known) in
                [("max_wait", queue.max_wait, &WAITS[..]), ("wrap_up", queue.wrap_up, &REST[..])]
            {
                if !known.contains(&seconds) {
                    return Err(unfit(place(field), format!("Zoom has no {seconds}; use one of {known:?}")));
                }
            }
            if queue.max_calls > 60 {
                return Err(unfit(place("max_calls"), "at most 60 calls may wait"));
            }
        }
        Ok(())
    }

    fn check_traffic(&self) -> Result<(), CompanyFileError> {
        let traffic = &self.traffic;
        for (name, share) in &traffic.shares {
            if name.parse::<Scenario>().is_err() {
                return Err(unknown("traffic, shares", "scenario", name));
            }
            if !(share.is_finite() && *share >= 0.0) {
                return Err(unfit("traffic, shares", format!("{share} is no share; use 0 or more")));
            }
        }
        let spreads = [
            ("patience", traffic.patience),
            ("ring", traffic.ring),
            ("talk", traffic.talk),
            ("hold", traffic.hold),
        ];
        for (field, Spread { median, spread }) in spreads {
            let fits = median.is_finite() && median > 0.0 && (0.0..=3.0).contains(&spread);
            if !fits {
                let complaint = "the median is above 0, the spread between 0 and 3";
                return Err(unfit(format!("traffic, {field}"), complaint));
            }
        }
        let rates = traffic.calls_per_hour.iter().chain(&traffic.weekdays);
        if rates.copied().any(|rate| !(rate.is_finite() && rate >= 0.0)) {
            return Err(unfit("traffic", "calls_per_hour and weekdays are 0 or more"));
        }
        Ok(())
    }

    /// Every entry that is at a site, and the name of the site where the file has it.
    fn located(&self) -> Vec<(String, Option<&String>)> {
        let mut located = Vec::new();
        let mut add = |kind: &str, name: &str, site| located.push((format!("{kind} {name:?}"), site));
        self.users.iter().for_each(|it| add("user", &it.name, it.site.as_ref()));
        self.departments.iter().for_each(|it| add("department", &it.name, it.site.as_ref()));
        self.queues.iter().for_each(|it| add("queue", &it.name, it.site.as_ref()));
        self.receptionists.iter().for_each(|it| add("receptionist", &it.name, it.site.as_ref()));
        self.shared_line_groups.iter().for_each(|it| add("shared_line_group", &it.name, it.site.as_ref()));
        self.common_areas.iter().for_each(|it| add("common_area", &it.name, it.site.as_ref()));
        self.rooms.iter().for_each(|it| add("room", &it.name, it.site.as_ref()));
        located
    }
}

fn check_hours(hours: Option<&Hours>, place: &str) -> Result<(), CompanyFileError> {
    let Some(Hours { from, to, .. }) = hours else { return Ok(()) };
    let time = |text: &str| text.parse::<jiff::civil::Time>().ok().filter(|_| text.len() == 5);
    match (time(from), time(to)) {
        (Some(start), Some(end)) if start < end => Ok(()),
        _ => Err(unfit(place, format!("{from:?} to {to:?} are no hours; write 08:00 and 17:30"))),
    }
}

fn unfit(place: impl Into<String>, complaint: impl Into<String>) -> CompanyFileError {
    CompanyFileError::Unfit { place: place.into(), complaint: complaint.into() }
}

fn unknown(place: impl Into<String>, what: &str, name: &str) -> CompanyFileError {
    unfit(place, format!("there is no {what} {name:?}; it must be in the file under exactly this name"))
}

#[cfg(test)]
mod tests {
    use super::super::Traffic;
    use super::*;

    const SMALLEST: &str = r#"
        name = "Tiny"
        site = [{ name = "Home", timezone = "Europe/Berlin", receptionist = "Line" }]
        user = [{ name = "Ada Moreno", department = "All" }]
        receptionist = [{ name = "Line", menu = { 0 = "Ada Moreno" } }]
    "#;

    fn complaint(changed: impl Fn(&str) -> String) -> String {
        CompanyFile::parse(&changed(SMALLEST)).expect_err("unfit").to_string()
    }

    #[test]
    fn a_file_may_be_short() {
        let file = CompanyFile::parse(SMALLEST).expect("a company");
        assert_eq!(file.traffic, Traffic::default());
        assert_eq!(file.queues, []);
        assert!(
            (90_000.0..120_000.0).contains(&CompanyFile::large().traffic.calls_per_hour.iter().sum::<f64>())
        );
    }

    #[test]
    fn an_error_says_where_and_what() {
        let unknown_field = complaint(|file| file.replace("department", "departement"));
        assert!(unknown_field.contains("line 4") && unknown_field.contains("departement"), "{unknown_field}");
        let zone = complaint(|file| file.replace("Europe/Berlin", "Europe/Ber"));
        assert!(zone.contains("site \"Home\", timezone"), "{zone}");
        let menu = complaint(|file| file.replace("0 = \"Ada", "0 = \"Eve"));
        assert!(menu.contains("receptionist \"Line\", menu") && menu.contains("Eve Moreno"), "{menu}");
        let key = complaint(|file| file.replace("0 =", "00 ="));
        assert!(key.contains("00"), "{key}");
        let twice = complaint(|file| file.replace("\"Line\"", "\"Ada Moreno\""));
        assert!(twice.contains("is taken"), "{twice}");
        let queue = complaint(|file| format!("{file}\n[[queue]]\nname = \"Q\"\ndepartments = [\"None\"]"));
        assert!(queue.contains("queue \"Q\", departments"), "{queue}");
        let share = complaint(|file| format!("{file}\n[traffic]\nshares = {{ singing = 1 }}"));
        assert!(share.contains("singing"), "{share}");
        let wait = complaint(|file| format!("{file}\n[[queue]]\nname = \"Q\"\nmax_wait = 61"));
        assert!(wait.contains("queue \"Q\", max_wait"), "{wait}");
        let taken = complaint(|file| {
            format!(
                "{file}\n[[room]]\nname = \"A\"\nextension = 900\n[[room]]\nname = \"B\"\nextension = 900"
            )
        });
        assert!(taken.contains("room \"B\"") && taken.contains("900"), "{taken}");
        let hold = complaint(|file| format!("{file}\n[traffic]\nhold = {{ median = 0.0, spread = 0.5 }}"));
        assert!(hold.contains("traffic, hold"), "{hold}");
    }
}
