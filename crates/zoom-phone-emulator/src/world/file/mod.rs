//! The company as its author writes it: a TOML file that says who works there and how people behave.

mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const SMALL: &str = include_str!("../../../companies/small.toml");
const LARGE: &str = include_str!("../../../companies/large.toml");

/// A company: its people, its queues, and the traffic on its telephones. Everything that the file does not say follows
/// from the seed.
///
/// The files of the two built-in companies, in the folder `companies` of this crate, show most fields.
///
/// ```
/// use zoom_phone_emulator::{CompanyFile, Config};
///
/// let company = CompanyFile::parse(
///     r#"
///     name = "Corner Shop"
///     site = [{ name = "Shop", timezone = "Europe/Berlin", receptionist = "Line" }]
///     user = [{ name = "Ada Moreno" }, { name = "Ben Okafor" }]
///     queue = [{ name = "Orders", people = ["Ada Moreno", "Ben Okafor"], ring_mode = "longest_idle" }]
///     receptionist = [{ name = "Line", menu = { 1 = "Orders", 2 = "Ben Okafor" } }]
///     "#,
/// )?;
/// let config = Config { company, ..Config::default() };
/// # let _ = config;
/// # Ok::<(), zoom_phone_emulator::CompanyFileError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CompanyFile {
    /// What it calls itself.
    pub name: String,
    /// Telephone numbers that nobody has yet.
    #[serde(default)]
    pub free_numbers: u32,
    /// Offices; the first is the main site. At least one.
    #[serde(rename = "site")]
    pub sites: Vec<SiteEntry>,
    /// People with names of their own. They come before those of the departments.
    #[serde(rename = "user", default)]
    pub users: Vec<UserEntry>,
    /// People by number, with names made up. Several entries may have one name.
    #[serde(rename = "department", default)]
    pub departments: Vec<DepartmentEntry>,
    /// Call queues.
    #[serde(rename = "queue", default)]
    pub queues: Vec<QueueEntry>,
    /// Auto receptionists.
    #[serde(rename = "receptionist", default)]
    pub receptionists: Vec<ReceptionistEntry>,
    /// Shared line groups.
    #[serde(rename = "shared_line_group", default)]
    pub shared_line_groups: Vec<SharedLineGroupEntry>,
    /// Common areas: telephones that belong to a place.
    #[serde(rename = "common_area", default)]
    pub common_areas: Vec<PlaceEntry>,
    /// Zoom Rooms.
    #[serde(rename = "room", default)]
    pub rooms: Vec<PlaceEntry>,
    /// External contacts.
    #[serde(rename = "contact", default)]
    pub contacts: Vec<ContactEntry>,
    /// How much is called, and how people behave.
    #[serde(default)]
    pub traffic: Traffic,
}

/// An office.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SiteEntry {
    /// Unique.
    pub name: String,
    /// IANA name, such as `America/New_York`.
    pub timezone: String,
    /// Its main receptionist, by name.
    pub receptionist: String,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UserEntry {
    /// First and last name; unique.
    pub name: String,
    /// At `example.com` unless given.
    pub email: Option<String>,
    /// From 1001 on unless given.
    pub extension: Option<u32>,
    /// Where queues look for members.
    pub department: Option<String>,
    /// Name of the site; the main site unless given.
    pub site: Option<String>,
}

/// A number of people.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DepartmentEntry {
    /// Where queues look for members.
    pub name: String,
    /// How many.
    pub people: usize,
    /// Name of the site; the main site unless given.
    pub site: Option<String>,
    /// Who pays.
    pub cost_center: Option<String>,
}

/// A call queue, or several alike.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QueueEntry {
    /// Unique. Copies are numbered: `Support 1`, `Support 2`.
    pub name: String,
    /// How many there are; the members are dealt among them.
    #[serde(default = "one")]
    pub copies: usize,
    /// Departments whose people are members.
    #[serde(default)]
    pub departments: Vec<String>,
    /// Further members by name; of all copies.
    #[serde(default)]
    pub people: Vec<String>,
    /// Member who is the queue's manager, by name.
    pub manager: Option<String>,
    /// From 801 on unless given; copies follow one another.
    pub extension: Option<u32>,
    /// Name of the site; the main site unless given.
    pub site: Option<String>,
    /// Who is rung: one of Zoom's `ring_mode`s, without custom groups.
    #[serde(default)]
    pub ring_mode: RingMode,
    /// Seconds after which a waiting call overflows; Zoom knows 10, 15, … 60, 120, 180, 240, 300, 600, 900, 1200, 1500
    /// and 1800.
    #[serde(default = "QueueEntry::default_wait")]
    pub max_wait: u32,
    /// Seconds of rest after a call; Zoom knows 0, 10, 15, … 60, 120, 180, 240.
    #[serde(default)]
    pub wrap_up: u32,
    /// Calls that may wait at a time, 0 to 60.
    #[serde(default = "QueueEntry::default_calls")]
    pub max_calls: u32,
    /// Where calls overflow to: the name of an extension. The queue's mailbox unless given.
    pub overflow: Option<String>,
    /// When it is open; always unless given.
    pub hours: Option<Hours>,
}

/// Zoom's `ring_mode` of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RingMode {
    /// All free members at once.
    #[default]
    Simultaneous,
    /// One after the other, always from the first on.
    Sequential,
    /// One after the other, from the one after the last.
    Rotating,
    /// First who has had no call for the longest time.
    LongestIdle,
}

/// An auto receptionist.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReceptionistEntry {
    /// Unique.
    pub name: String,
    /// From 850 on unless given.
    pub extension: Option<u32>,
    /// Name of the site; the main site unless given.
    pub site: Option<String>,
    /// Keys `0` to `9`, `*` and `#`, and the extension by name that each leads to.
    #[serde(default)]
    pub menu: BTreeMap<String, String>,
    /// Without a menu: the extension by name that all calls are forwarded to. The receptionist's mailbox unless given.
    pub forward_to: Option<String>,
    /// The same outside of the hours and on holidays.
    pub closed_forward_to: Option<String>,
    /// When it is open; always unless given.
    pub hours: Option<Hours>,
    /// Days off.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
}

/// A shared line group.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SharedLineGroupEntry {
    /// Unique.
    pub name: String,
    /// From 860 on unless given.
    pub extension: Option<u32>,
    /// Name of the site; the main site unless given.
    pub site: Option<String>,
    /// Members by name; nobody is in two groups.
    #[serde(default)]
    pub people: Vec<String>,
    /// Common areas that are members, by name.
    #[serde(default)]
    pub common_areas: Vec<String>,
}

/// A common area or a Zoom Room, or several alike.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceEntry {
    /// Unique. Copies are numbered.
    pub name: String,
    /// How many there are.
    #[serde(default = "one")]
    pub copies: usize,
    /// Common areas: from 870 on unless given. Rooms: from 950 on. Copies follow one another.
    pub extension: Option<u32>,
    /// Name of the site; the main site unless given.
    pub site: Option<String>,
    /// Whether it has Zoom Phone; only rooms may have none.
    #[serde(default = "yes")]
    pub has_phone: bool,
}

/// An external contact.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContactEntry {
    /// Who it is.
    pub name: String,
    /// E.164 numbers.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// An address.
    pub email: Option<String>,
    /// A few words.
    pub description: Option<String>,
    /// An extension number that reaches the contact from inside.
    pub extension: Option<String>,
    /// Whether calls with the contact are recorded.
    #[serde(default)]
    pub auto_call_recorded: bool,
}

/// The same hours on some days of the week, by the clock of the site.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// `monday` to `sunday`.
    pub days: Vec<Weekday>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`, later than `from`.
    pub to: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

/// A day off, from midnight to midnight by the clock of the site.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// What is celebrated.
    pub name: String,
    /// `yyyy-MM-dd`.
    pub date: String,
}

/// How much is called, and how people behave.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traffic {
    /// Calls in each hour of a working day, from midnight on, by the clock of the first site.
    pub calls_per_hour: [f64; 24],
    /// What a day has of that, from Monday on; 1 is a working day.
    pub weekdays: [f64; 7],
    /// Seconds that a caller waits in a queue before giving up.
    pub patience: Spread,
    /// Seconds that a telephone rings before somebody takes the call who does.
    pub ring: Spread,
    /// Seconds of a conversation.
    pub talk: Spread,
    /// Seconds that somebody is kept on hold.
    pub hold: Spread,
    /// How often a kind of call comes up, relative to the others, by the name of the scenario: also how many calls go
    /// unanswered or are declined. Kinds that are not named have their usual weight; 0 is never.
    pub shares: BTreeMap<String, f64>,
}

/// Seconds that vary as human things do: log-normally.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Half of the cases are shorter.
    pub median: f64,
    /// Standard deviation of the logarithm: 0 for always the same, 1 for a lot.
    pub spread: f64,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            calls_per_hour: [50.0; 24],
            weekdays: [1.0; 7],
            patience: Spread { median: 75.0, spread: 0.8 },
            ring: Spread { median: 8.0, spread: 0.5 },
            talk: Spread { median: 140.0, spread: 0.9 },
            hold: Spread { median: 30.0, spread: 0.6 },
            shares: BTreeMap::new(),
        }
    }
}

/// Why a company file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum CompanyFileError {
    /// It is no TOML, or a field is unknown, missing, or of another type. The message shows the line.
    #[error("the company file cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// It says something that cannot be.
    #[error("the company file cannot be played: {place}: {complaint}")]
    Unfit {
        /// Which entry and field, such as `queue "Sales", departments`.
        place: String,
        /// What is wrong and what would be right.
        complaint: String,
    },
}

impl Default for CompanyFile {
    /// 36 people in two offices, with three queues.
    fn default() -> Self {
        built_in(SMALL)
    }
}

fn built_in(text: &str) -> CompanyFile {
    #[expect(clippy::expect_used, reason = "compiled in; a test parses it")]
    CompanyFile::parse(text).expect("the built-in company is a good one")
}

impl CompanyFile {
    /// A large company: about 1500 people and 40 queues in three offices, with some 100,000 calls on a working day.
    pub fn large() -> Self {
        built_in(LARGE)
    }

    /// Reads a file. An error shows the line of what cannot be read, or names the entry that makes no sense.
    pub fn parse(text: &str) -> Result<Self, CompanyFileError> {
        let file: Self = toml::from_str(text)?;
        file.check()?;
        Ok(file)
    }

    /// Kinds and names of everything with an extension and a name in the file.
    pub(crate) fn names(&self) -> Vec<(&'static str, String)> {
        let one = |kind: &'static str, name: &String| vec![(kind, name.clone())];
        let many = |kind: &'static str, name: &str, copies: usize| -> Vec<_> {
            copies_of(name, copies).into_iter().map(|name| (kind, name)).collect()
        };
        let mut names = Vec::new();
        // A queue may have the name of a person's department, but people and queues have different ones.
        names.extend(super::people::of(self).into_iter().map(|person| ("user", person.name)));
        names.extend(self.queues.iter().flat_map(|it| many("queue", &it.name, it.copies)));
        names.extend(self.receptionists.iter().flat_map(|it| one("receptionist", &it.name)));
        names.extend(self.shared_line_groups.iter().flat_map(|it| one("shared_line_group", &it.name)));
        names.extend(self.common_areas.iter().flat_map(|it| many("common_area", &it.name, it.copies)));
        names.extend(self.rooms.iter().flat_map(|it| many("room", &it.name, it.copies)));
        names
    }
}

/// The name, or numbered names when there are several.
pub(in crate::world) fn copies_of(name: &str, copies: usize) -> Vec<String> {
    if copies == 1 {
        return vec![name.to_owned()];
    }
    (1..=copies).map(|number| format!("{name} {number}")).collect()
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl QueueEntry {
    fn default_wait() -> u32 {
        120
    }

    fn default_calls() -> u32 {
        60
    }
}
